/** The time of day as HTTP writes it; made once a second. */
import { setTimeout } from '../../host-time.js';

let text = '';

/** `Sun, 06 Nov 1994 08:49:37 GMT` */
export function httpDate(): string {
  if (text === '') {
    const now = new Date();
    text = now.toUTCString();
    setTimeout(forget, 1000 - now.getMilliseconds()).unref();
  }
  return text;
}

function forget(): void {
  text = '';
}
