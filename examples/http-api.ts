// A small JSON API: notes that can be listed, read, written and removed. At most 10 requests are worked on at once, and each client
// gets 20 a second. Try `curl -d '{"text":"milk"}' localhost:8080/notes`; Ctrl-C ends it.
import { main, RateLimit } from 'greenlets';
import { http } from 'greenlets/io';

const notes = new Map<number, { id: number; text: string }>();
let lastId = 0;

class HttpError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

function find(id: string) {
  const note = notes.get(Number(id));
  if (note === undefined) throw new HttpError(404, `there is no note ${id}`);
  return note;
}

function* create(request: http.ServerRequest) {
  const { text } = yield* request.json<{ text?: unknown }>();
  if (typeof text !== 'string' || text === '') throw new HttpError(422, 'text must be a text');
  const note = { id: ++lastId, text };
  notes.set(note.id, note);
  return Response.json(note, { status: 201, headers: { location: `/notes/${note.id}` } });
}

const limits = new Map<string, RateLimit>();

function limitOf(client: string) {
  const limit = limits.get(client) ?? new RateLimit({ rate: 20, burst: 20 });
  limits.set(client, limit);
  return limit;
}

function* api(request: http.ServerRequest) {
  if (!(yield* limitOf(request.remoteAddress ?? '').take(1, { block: false }))) {
    throw new HttpError(429, 'not so fast');
  }
  const [, kind, id] = request.path.split('/');
  if (kind !== 'notes') throw new HttpError(404, `there is no ${request.path}`);
  const route = `${request.method} ${id === undefined ? 'notes' : 'note'}`;
  switch (route) {
    case 'GET notes':
      return [...notes.values()];
    case 'POST notes':
      return yield* create(request);
    case 'GET note':
      return find(id as string);
    case 'DELETE note':
      notes.delete(find(id as string).id);
      return null;
    default:
      throw new HttpError(405, `${request.method} cannot be done here`);
  }
}

/** What went wrong, as JSON; what is the program's fault is also printed. */
function onError(error: unknown) {
  const { message, status } = error as HttpError;
  if (typeof status === 'number') return Response.json({ error: message }, { status });
  console.error(error);
  return Response.json({ error: 'internal error' }, { status: 500 });
}

await main(function* () {
  const port = Number(process.argv[2] ?? 8080);
  const server = yield* http.serve(api, { port, pool: 10, onError });
  console.log(`listening on ${server.port}`);
  yield* server.serveForever();
});
