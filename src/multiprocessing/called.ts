/** Names of classes as users know them, where the class that does the work is another one. */

/** Reports and messages show objects of `type` as those of a class `name`. */
export function called(type: object, name: string): void {
  Object.defineProperty(type, 'name', { value: name });
}
