/** Values that are sent as they are, without anything of the program's in them: bytes, dates and the like. */
import { Buffer } from 'node:buffer';
import { types } from 'node:util';

type ViewClass = new (buffer: ArrayBuffer) => ArrayBufferView;

export function isWhole(value: object): boolean {
  if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) return true;
  if (types.isBoxedPrimitive(value)) return !types.isSymbolObject(value);
  return types.isDate(value) || types.isRegExp(value);
}

/** What `value`, a whole one, is now; what is shared memory stays so. Errors: `TypeError` for bytes that have been moved elsewhere. */
export function copyWhole(value: object): object {
  if (types.isArrayBuffer(value)) return value.slice(0);
  if (types.isDate(value)) return new Date(value.getTime());
  if (!ArrayBuffer.isView(value) || types.isSharedArrayBuffer(value.buffer)) return value;
  const { byteOffset, byteLength } = value;
  const bytes = (value.buffer as ArrayBuffer).slice(byteOffset, byteOffset + byteLength);
  if (Buffer.isBuffer(value)) return Buffer.from(bytes);
  const name = types.isDataView(value) ? 'DataView' : (value as Uint8Array)[Symbol.toStringTag];
  return new (globalThis as unknown as Record<string, ViewClass>)[name as string]!(bytes);
}
