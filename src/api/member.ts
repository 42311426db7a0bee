/** Returns an own property of an object from outside; inherited ones, such as `constructor`, are ignored. */
export function memberOf<T>(object: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}
