/** English names from Java's locale data. */
export const eras = ['BC', 'AD'];
export const amPmMarkers = ['AM', 'PM'];
export const months = 'January February March April May June July August September October November December'.split(
  ' ',
);
export const weekdays = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');

export const abbreviate = (name: string): string => name.slice(0, 3);
