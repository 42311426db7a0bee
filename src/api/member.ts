/** A member of an object that came from outside; what every object inherits, such as `constructor`, is none. */
export function memberOf<T>(object: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}
