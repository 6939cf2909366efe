/** TCP and unix sockets. */
export { type ConnectOptions, connect } from './connect.js';
export {
  type ReadLineOptions,
  type ReadOptions,
  type ReadUntilOptions,
  Socket,
} from './socket.js';
export {
  type ConnectionHandler,
  type Listener,
  type Spawner,
  type StopOptions,
  StreamServer,
  type StreamServerOptions,
} from './stream-server.js';
