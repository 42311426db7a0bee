/** English names of Java's locale data. */
export const eras = ['BC', 'AD'];
export const halves = ['AM', 'PM'];
export const months = 'January February March April May June July August September October November December'.split(
  ' ',
);
export const weekdays = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');

export const shortened = (name: string): string => name.slice(0, 3);
