/** What bytes may stand where in HTTP/1.1 (RFC 9110, 9112), as tables: a look-up a byte, and no regular expressions. */

export const TAB = 9;
export const LF = 10;
export const CR = 13;
export const SPACE = 32;
export const QUOTE = 34;
export const COLON = 58;
export const SEMICOLON = 59;
export const EQUALS = 61;
export const BACKSLASH = 92;

/** 1 for the bytes of a token: of methods and header names. */
export const TOKEN = table((code) => /[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(String.fromCharCode(code)));

/** 1 for the bytes of a header value: all but controls; a tab is none. */
export const VALUE = table((code) => code === TAB || (code >= SPACE && code !== 127));

/** 1 for the bytes of the target of a request: all of ASCII that can be seen. */
export const TARGET = table((code) => code > SPACE && code < 127);

/** What a hexadecimal digit stands for, -1 for other bytes. */
export const HEX = new Int8Array(256).fill(-1);
for (let i = 0; i < 16; i++) {
  HEX[i.toString(16).charCodeAt(0)] = i;
  HEX[i.toString(16).toUpperCase().charCodeAt(0)] = i;
}

function table(has: (code: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => (has(code) ? 1 : 0));
}

/** Whether all of `text` is in `allowed`; what is beyond Latin-1 never is. */
export function consistsOf(text: string, allowed: Uint8Array): boolean {
  for (let i = 0; i < text.length; i++) {
    // Beyond the table: undefined.
    if (allowed[text.charCodeAt(i)] !== 1) return false;
  }
  return true;
}

/** The codes of `name`, which is in lower case, to be compared with bytes. */
export function codesOf(name: string): Uint8Array {
  return Uint8Array.from(name, (letter) => letter.charCodeAt(0));
}

/** Whether the bytes at `from` are `codes`, in upper or lower case. They are a token, in which a bit more makes no other match. */
export function matches(bytes: Uint8Array, from: number, codes: Uint8Array): boolean {
  for (let i = 0; i < codes.length; i++) {
    if (((bytes[from + i] as number) | 0x20) !== codes[i]) return false;
  }
  return true;
}
