/** What each conversion gives, and what it does not take. Keyed by how the name of the converter begins. */
const EXPLAINED: readonly (readonly [start: string, title: string, gives: string, refuses: string])[] = [
  ['text', 'text', 'a string as it is; a number or a boolean as text', 'objects, arrays'],
  ['text in lower case', 'text in lower case', 'the text in lower case', 'objects, arrays'],
  ['text behind `cloudflare.`', 'text behind `cloudflare.`', '`cloudflare.` and the text', 'objects, arrays'],
  ['word', 'word', 'text; `none`, `unknown` and `UNK` count as no value', 'objects, arrays'],
  [
    'list of texts',
    'list of texts',
    'an array of the strings that are not empty; one string becomes an array',
    'no string',
  ],
  ['list joined', 'list joined with semicolons', 'one text of all items, `; ` between them', 'no string'],
  ['only item', 'only item of a comma-separated text', 'the item, if the text has just one', ''],
  ['integer', 'integer', 'an integer; digits in a string too', 'fractions, beyond ±(2^53−1)'],
  ['number', 'number', 'a number; a number in a string too', 'other text'],
  ['number from 0 to 1', 'number from 0 to 1', 'a number; a number in a string too', ''],
  ['boolean', 'boolean', '`true` or `false`; as strings too', 'other values'],
  ['milliseconds', 'milliseconds as nanoseconds', 'the value × 1 000 000, as an integer', 'below 0'],
  ['bits', 'bits as bytes', 'the value / 8, rounded down', 'no integer'],
  [
    'time',
    'time',
    'RFC 3339 in UTC. A number is seconds, milliseconds, microseconds or nanoseconds by its size; nothing is rounded. `0`, `1970-01-01T00:00:00Z` and `0001-01-01T00:00:00Z` count as no value',
    'unreadable text, years outside 1971 to 2261',
  ],
  [
    'country',
    'country code',
    'two letters in upper case; `XX`, `T1`, `unknown` and `none` count as no value',
    'other text',
  ],
  ['region', 'region of the country in …', 'ISO 3166-2, such as `US-TX`', 'no country'],
  ['latitude', 'latitude, with the longitude in …', 'a point, `{ "lat": …, "lon": … }`', 'out of range'],
  [
    'geohash',
    'geohash',
    'a point as 1 to 12 digits and letters but a, i, l and o, in lower case',
    'other text, numbers',
  ],
  ['IP address', 'IP address', 'IPv4 or IPv6 as written; `::ffff:192.0.2.1` becomes `192.0.2.1`', 'other text'],
  ['list of IP addresses', 'list of IP addresses', 'an array of the addresses', 'no address'],
  ['port', 'port', 'an integer from 1 to 65535; 0 counts as no value', 'out of range'],
  ['AS number', 'AS number', 'an integer above 0, with or without `AS` before it; 0 counts as no value', 'other text'],
  ['DNS name', 'DNS name', 'the name without the dot at its end', 'only dots'],
  ['host', 'host', 'the host of a name, of `host:port` or of a URL', 'no host'],
  ['host and path', 'host and path', 'what is before the first `/`, and the path from there', 'no host'],
  ['address and port', 'address and port', 'an IP address or a name, and the port behind it', 'no host'],
  [
    'URL',
    'URL',
    '`url.original`, and for an absolute URL `url.full`, `.scheme`, `.domain`, `.port`, `.path`, `.query`, `.fragment`, `.username`, `.password`; nothing is decoded. A URL that begins with `/` gives path and query',
    'objects, arrays',
  ],
  ['URL of the host', 'URL of the host, with …', 'a URL of its parts; `https` without a scheme', 'objects, arrays'],
  ['path and query', 'path and query', 'what is before the first `?`, and what is behind it', 'no `/` at the start'],
  ['query', 'query', 'the text without a `?` at its start', 'objects, arrays'],
  [
    'HTTP version',
    'HTTP version',
    'of `HTTP/1.1`: protocol `http`, version `1.1`; other text is the protocol; `none` and `unknown` count as no value',
    'objects, arrays',
  ],
  [
    'TLS version',
    'TLS version',
    'of `TLSv1.2`: protocol `tls`, version `1.2`; `none`, `unknown` and `UNK` count as no value',
    'other text',
  ],
  ['SHA-256', 'SHA-256', '64 hexadecimal digits', 'other text'],
  ['fingerprint', 'fingerprint', 'in upper case; MD5, SHA-1 or SHA-256 by its length', 'other text'],
  ['attachments', 'attachments', 'name, MIME type, size and hashes of each file', 'no object'],
  ['DNS record type', 'DNS record type', 'the IANA name of a number; text in upper case', ''],
  ['DNS response code', 'DNS response code', 'the IANA name of a number', ''],
  ['IP protocol', 'IP protocol', 'the name of a number, such as `tcp` for 6', ''],
  [
    'transport protocol',
    'transport protocol',
    'the text in lower case; `unix` and `unknown` count as no value',
    'objects, arrays',
  ],
  ['operating system', 'operating system', '`windows`, `linux`, `macos`, `ios` or `android`', ''],
  ['severity', 'severity as a number', '`low` 21, `medium` 47, `high` 73, `critical` 99', ''],
  ['unchanged', 'unchanged', 'the value as it is', ''],
  ['`', '`x` for `y`', 'the one word for the other', ''],
]

export interface Conversion {
  readonly title: string
  readonly gives: string
  /** What makes the event say `logpush.bad_value`; empty for a look-up, which tells nothing. */
  readonly refuses: string
}

function explain(converter: string): Conversion {
  const fitting = EXPLAINED.filter(([start]) => converter.startsWith(start))
  const best = fitting.sort(([a], [b]) => b.length - a.length)[0]
  if (best === undefined) throw new Error(`scripts/docs/conversions.ts does not explain "${converter}"`)
  const [, title, gives, refuses] = best
  return { title, gives, refuses }
}

/** The explanations of these converters, each once, by title. */
export function explanations(converters: Iterable<string>): Conversion[] {
  const found = [...converters].map(explain)
  const unique = [...new Map(found.map(one => [one.title, one])).values()]
  return unique.sort((a, b) => (a.title.toLowerCase() < b.title.toLowerCase() ? -1 : 1))
}
