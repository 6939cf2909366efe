/** Has children when it ends, in one of several ways; prints the numbers of a child and a grandchild. */
import { type Green, main, sleep } from 'greenlets';
import { subprocess } from 'greenlets/io';

const [how] = process.argv.slice(2);

function* start(): Green<void> {
  const script = "trap 'echo child cleaned; exit' TERM; sleep 1000 & echo $$ $!; wait";
  const child = new subprocess.Popen(['sh', '-c', script], { stdout: 'pipe' });
  console.log(yield* child.stdout!.readLine());
  child.stdout?.raw.on('data', () => {}).pipe(process.stdout, { end: false });
}

if (how === 'hold') {
  console.log('ended with', await new subprocess.Popen(['sh', '-c', 'exit 5']).wait());
} else {
  await main(function* () {
    yield* start();
    if (how === 'exit') process.exit(0);
    if (how === 'error') setImmediate(() => Promise.reject(new Error('nobody catches it')));
    yield* sleep(1_000_000);
  });
}
