/** TCP and unix sockets. */

export type { ReadLineOptions, ReadOptions, ReadUntilOptions } from './byte-reader.js';
export { type ConnectOptions, connect } from './connect.js';
export { Socket } from './socket.js';
export {
  type ConnectionHandler,
  type Listener,
  type Spawner,
  type StopOptions,
  StreamServer,
  type StreamServerOptions,
} from './stream-server.js';
