// T9: the program ends without waiting for its daemon threads.
import { Event, excepthook, Thread } from 'greenlets/threading';
import { elapsed, sleep, time } from './time.js';

const startTime = time();

function* princ(string: string) {
  console.log('task', string);
  yield* sleep(2000);
  console.log('this is never printed');
}

for (let i = 0; i < 50; i++) {
  const t = new Thread({ target: princ, args: [`t-${i}`] });
  t.setDaemon(true); // a daemon; to be said before start()
  t.start();
}

// An FTP server has a daemon thread for each of 300 users. When the server goes down, it does not wait for them.
let connected = 0;
const down = new Event();

function* session() {
  connected++;
  try {
    yield* down.wait({ timeout: 3_600_000 });
    console.log('the user has left');
  } finally {
    connected--;
  }
}

function* ftpServer() {
  for (let user = 0; user < 300; user++) new Thread({ target: session, daemon: true }).start();
  yield* sleep(1);
  console.log('users:', connected);
  throw new Error('the FTP server is down');
}

excepthook.handler = ({ thread, excValue }) => console.log(`${thread?.name}: ${excValue}`);
new Thread({ target: ftpServer, name: 'ftp' }).start();

process.on('exit', () => console.log(`the program ends after ${elapsed(startTime)}, users: ${connected}`));
