/** HTTP/1.1, straight on sockets. */
export { Agent, type AgentOptions, type AgentStatistics, globalAgent, type TlsOptions } from './agent.js';
export { HttpHeaders } from './headers.js';
export type { Reply } from './reply.js';
export { get, request } from './request.js';
export type { BodyStream, RequestBody } from './request-body.js';
export type { HeadersInit, RequestOptions } from './request-options.js';
export { HttpResponse } from './response.js';
export { HttpServer, type RequestHandler, type ServeOptions, serve } from './serve.js';
export type { ServerBody } from './server-body.js';
export { BodyNotJson, RequestIncomplete, RequestTooLarge } from './server-errors.js';
export { ServerRequest } from './server-request.js';
