// Downloads a file in parts, several at once; run again after an interruption, it goes on where each part was. Give it a URL and a file,
// or it serves itself a file.
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { call, main, Pool, rethrowExit, retry } from 'greenlets';
import { fs, http } from 'greenlets/io';

const PART = 256 * 1024;
const AT_ONCE = 4;

/** What is there of each part. */
type Progress = { size: number; have: number[] };

/** Writes a part into `target`, from where it was left. */
function* download(url: string, target: fs.FileHandle, part: number, progress: Progress) {
  const end = Math.min((part + 1) * PART, progress.size);
  const start = () => part * PART + (progress.have[part] ?? 0);
  if (start() === end) return;
  console.log(`part ${part}: from ${start() - part * PART}`);
  const response = yield* http.get(url, { headers: { range: `bytes=${start()}-${end - 1}` } });
  if (response.status !== 206) throw new Error(`${url}: ${response.status} instead of a part`);
  const chunks = response.chunks();
  while (yield* chunks.more()) {
    yield* target.write(chunks.value, 0, chunks.value.length, start());
    progress.have[part] = (progress.have[part] ?? 0) + chunks.value.length;
  }
}

/** The progress of an earlier run, or none. */
function* restore(notes: string, size: number) {
  const empty: Progress = { size, have: [] };
  try {
    const old = JSON.parse(String(yield* fs.readFile(notes))) as Progress;
    return old.size === size ? old : empty;
  } catch (error) {
    rethrowExit(error);
    return empty;
  }
}

function* downloadAll(url: string, path: string) {
  const head = yield* http.request(url, { method: 'HEAD' });
  const size = Number(head.headers.get('content-length'));
  const notes = `${path}.part`;
  const progress = yield* call(restore, notes, size);
  const target = yield* fs.open(path, progress.have.length > 0 ? 'r+' : 'w');
  try {
    const parts = Array.from({ length: Math.ceil(size / PART) }, (_, i) => i);
    const one = (part: number) => retry(() => download(url, target, part, progress), { tries: 5, delay: 20 });
    yield* new Pool(AT_ONCE).map(one, parts);
    yield* fs.rm(notes, { force: true });
    console.log(`${path}: ${size} bytes`);
  } catch (error) {
    yield* fs.writeFile(notes, JSON.stringify(progress));
    throw error;
  } finally {
    yield* target.close();
  }
}

/** A server of one file, which breaks the connection in the middle of every fourth answer. */
function* serveFile(content: Buffer) {
  let asked = 0;
  return yield* http.serve(
    ({ method, headers }) => {
      const accept = { 'accept-ranges': 'bytes', 'content-length': String(content.length) };
      const [, from, to] = headers.range?.match(/bytes=(\d+)-(\d+)/) ?? [];
      if (method === 'HEAD' || from === undefined)
        return new Response(new Uint8Array(content), { headers: accept });
      const part = content.subarray(Number(from), Number(to) + 1);
      asked++;
      function* pieces() {
        yield part.subarray(0, 50_000);
        if (asked % 4 === 0) throw new Error('the connection breaks');
        yield part.subarray(50_000);
      }
      const body = ReadableStream.from(pieces());
      return new Response(body, { status: 206, headers: { 'content-length': String(part.length) } });
    },
    { onError: () => undefined },
  );
}

await main(function* () {
  const [url, path] = process.argv.slice(2);
  if (url !== undefined) return yield* downloadAll(url, path ?? 'download');
  const content = randomBytes(10 * PART + 100);
  const server = yield* serveFile(content);
  const copy = join(tmpdir(), `download-${process.pid}`);
  yield* downloadAll(server.url, copy);
  console.log(content.equals(yield* fs.readFile(copy)) ? 'the same' : 'NOT the same');
  yield* fs.rm(copy);
  yield* server.stop();
});
