/** Serves a site on loopback, and keeps count of what it was asked. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { callback, type Green } from 'greenlets';
import type { Site, SitePage } from './site.js';

const WORDS =
  'a greenlet waits where a thread would block and the others go on with their work meanwhile'.split(' ');

export class SiteServer {
  /** How often each path was asked for. */
  readonly asked = new Map<string, number>();
  /** How long all clients together had to wait, in ms. */
  latencies = 0;
  /** Requests that were not answered, because the client had gone. */
  abandoned = 0;
  /** What the pages had together. */
  bytes = 0;
  /** Requests that have neither been answered nor abandoned, and the most there were at once. */
  inFlight = 0;
  maxInFlight = 0;
  readonly #site: Site;
  readonly #server: Server;

  constructor(site: Site) {
    this.#site = site;
    this.#server = createServer((request, response) => this.#serve(request, response));
  }

  /** Starts to listen, on a free port. */
  *listen(): Green<this> {
    yield* callback((done) => void this.#server.listen(0, '127.0.0.1', done));
    return this;
  }

  /** Where the site begins. */
  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}/`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '/';
    const page = this.#site.pages.get(path);
    const times = (this.asked.get(path) ?? 0) + 1;
    this.asked.set(path, times);
    this.maxInFlight = Math.max(this.maxInFlight, ++this.inFlight);
    const begin = performance.now();
    const latency = page?.latency ?? 0;

    const answer = () => {
      this.#ended(latency);
      this.bytes += send(response, page, times);
    };
    const timer = page?.kind === 'silent' ? undefined : setTimeout(answer, latency);
    response.on('close', () => {
      clearTimeout(timer);
      if (response.headersSent) return;
      this.abandoned++;
      this.#ended(performance.now() - begin);
    });
  }

  #ended(latency: number): void {
    this.inFlight--;
    this.latencies += latency;
  }
}

/** Gives how many bytes the page has. */
function send(response: ServerResponse, page: SitePage | undefined, times: number): number {
  if (page === undefined || page.kind === 'missing') {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('There is no such page.\n');
    return 0;
  }
  if (times <= page.failures) {
    response.writeHead(500, { 'content-type': 'text/plain' }).end('Try again.\n');
    return 0;
  }
  if (page.kind === 'redirect') {
    response.writeHead(302, { location: page.to }).end();
    return 0;
  }
  const body = html(page);
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(body);
  return Buffer.byteLength(body);
}

function html({ path, links, words }: SitePage): string {
  const text = Array.from({ length: words }, (_, i) => WORDS[i % WORDS.length]).join(' ');
  const list = links.map((link) => `<li><a href="${link}">${link}</a></li>`).join('\n');
  return `<!doctype html>\n<title>${path}</title>\n<h1>${path}</h1>\n<p>${text}</p>\n<ul>\n${list}\n</ul>\n`;
}
