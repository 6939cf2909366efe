/** HTTP/1.1, straight on sockets. */
export {
  Agent,
  type AgentOptions,
  type AgentStatistics,
  globalAgent,
  type TlsOptions,
} from './client/agent.js';
export { get, request } from './client/request.js';
export type { BodyStream, RequestBody } from './client/request-body.js';
export type { HeadersInit, RequestOptions } from './client/request-options.js';
export { HttpResponse } from './client/response.js';
export { HttpHeaders } from './headers.js';
export type { ServerBody } from './server/body.js';
export { BodyNotJson, RequestIncomplete, RequestTooLarge } from './server/errors.js';
export type { Reply } from './server/reply.js';
export { ServerRequest } from './server/request.js';
export { HttpServer, type RequestHandler, type ServeOptions, serve } from './server/serve.js';
