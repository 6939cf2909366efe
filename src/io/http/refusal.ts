/** What the parsers throw. */
import { withStackLimit } from '../../runtime/host.js';

/** The other end does not keep to the protocol. `code` is stable; those of Node's parser are kept (`HPE_…`). */
export class Refusal extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export function refusal(code: string, message: string): Refusal {
  return withStackLimit(0, () => new Refusal(code, message));
}
