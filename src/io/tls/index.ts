/** Sockets that are encrypted. */
export {
  connect,
  type TlsConnectOptions,
  TlsServer,
  type TlsServerOptions,
  TlsSocket,
  upgrade,
} from './tls.js';
