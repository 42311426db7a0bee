/**
 * Lets so many at once and the others wait, first come, first served: a server that is asked for hundreds of things at
 * the same moment answers none of them in time.
 */
export function turns(atOnce: number): <T>(act: () => Promise<T>) => Promise<T> {
  let free = atOnce;
  const waiting: (() => void)[] = [];
  return async act => {
    if (free > 0) free--;
    else await new Promise<void>(resolve => waiting.push(resolve));
    try {
      return await act();
    } finally {
      // Handed on rather than given back: nobody comes in between.
      const next = waiting.shift();
      if (next === undefined) free++;
      else next();
    }
  };
}
