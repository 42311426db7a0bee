import { MillraceError } from '../../../src/errors.ts';

/** URLs of the nodes; all are https if any is. Throws CONFIG_INVALID. */
export function urlsOf(items: readonly string[]): readonly URL[] {
  if (items.length === 0) throw invalid('at least one URL is required');
  const urls = items.map(item => {
    const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(item) ? item : `http://${item}`;
    if (!URL.canParse(text)) throw invalid('each item must be a URL, such as http://localhost:9200');
    const url = new URL(text);
    if (url.protocol !== 'http:' && url.protocol !== 'https:') throw invalid('the protocol must be http or https');
    if (url.username !== '' || url.password !== '')
      throw invalid('user and password belong in connection.username and connection.password');
    return url;
  });
  if (urls.some(url => url.protocol === 'https:')) for (const url of urls) url.protocol = 'https:';
  return urls;
}

const invalid = (message: string) => new MillraceError('CONFIG_INVALID', message);
