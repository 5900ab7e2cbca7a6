const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const MARKS = ' ;/().,-_:[]+'
const DEVICES = [
  'SM-G998B',
  'SM-A525F',
  'Pixel 7 Pro',
  'Redmi Note 9',
  'CPH2219',
  'M2101K6G',
  'VOG-L29',
  'LG-H870',
  'moto g(60)',
  'Nokia 7.2',
  'ONEPLUS A6013',
  'HTC Desire 12',
  'XQ-BC52',
  'vivo 1906',
  'RMX3085',
  'Infinix X688B',
  'TECNO KE5',
  'K',
  'GT-I9505',
  'A1-810',
]

/** Agents as browsers and devices send them, with versions, builds and tokens that hardly ever repeat, and texts of no sense. */
export function createAgents(random: () => number): { realistic: () => string; garbage: () => string } {
  const below = (limit: number) => Math.floor(random() * limit)
  const pick = <T>(list: readonly T[]): T => list[below(list.length)]!
  const word = (length: number) => Array.from({ length }, () => LETTERS[below(LETTERS.length)]).join('')
  const chrome = () => `Chrome/${60 + below(90)}.0.${below(7000)}.${below(250)}`
  const desktop = () =>
    pick([
      `Windows NT ${pick(['10.0', '6.1', '6.3'])}; Win64; x64`,
      `Macintosh; Intel Mac OS X 10_${10 + below(6)}_${below(9)}`,
      'X11; Linux x86_64',
      'X11; CrOS x86_64 14541.0.0',
    ])
  const device = () =>
    random() < 0.5 ? pick(DEVICES) : `${pick(['SM-', 'M', '', 'RMX', 'CPH', 'XT', 'moto '])}${word(4 + below(5))}`
  const kit = 'AppleWebKit/537.36 (KHTML, like Gecko)'
  const apple = 'AppleWebKit/605.1.15 (KHTML, like Gecko)'

  const kinds = [
    () => `Mozilla/5.0 (${desktop()}) ${kit} ${chrome()} Safari/537.36`,
    () =>
      `Mozilla/5.0 (${desktop()}) ${kit} ${chrome()} Safari/537.36 Edg/${80 + below(60)}.0.${below(3000)}.${below(99)}`,
    () =>
      `Mozilla/5.0 (${desktop()}) ${kit} ${chrome()} Safari/537.36 OPR/${60 + below(60)}.0.${below(5000)}.${below(99)}`,
    () => `Mozilla/5.0 (${desktop()}; rv:${60 + below(80)}.0) Gecko/20100101 Firefox/${60 + below(80)}.${below(9)}`,
    () =>
      `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_${below(9)}) ${apple} Version/${12 + below(7)}.${below(9)} Safari/605.1.${below(99)}`,
    () =>
      `Mozilla/5.0 (iPhone; CPU iPhone OS ${12 + below(7)}_${below(9)} like Mac OS X) ${apple} Version/${12 + below(7)}.${below(9)} Mobile/15E${below(999)} Safari/604.1`,
    () =>
      `Mozilla/5.0 (iPad; CPU OS ${12 + below(7)}_${below(9)} like Mac OS X) ${apple} CriOS/${60 + below(90)}.0.${below(7000)}.${below(99)} Mobile/15E${below(999)} Safari/604.1`,
    () => `Mozilla/5.0 (Linux; Android ${5 + below(11)}; ${device()}) ${kit} ${chrome()} Mobile Safari/537.36`,
    () =>
      `Mozilla/5.0 (Linux; Android ${5 + below(11)}; ${device()} Build/${word(6)}.${below(999999)}) ${kit} ${chrome()} Mobile Safari/537.36`,
    () =>
      `Mozilla/5.0 (Linux; Android ${5 + below(11)}; ${device()} Build/${word(6)}; wv) ${kit} Version/4.0 ${chrome()} Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/${below(500)}.0.0.${below(99)};]`,
    () =>
      `Mozilla/5.0 (Linux; Android ${5 + below(11)}; SAMSUNG ${device()}) ${kit} SamsungBrowser/${5 + below(20)}.${below(9)} ${chrome()} Mobile Safari/537.36`,
    () =>
      `${word(5 + below(6))}/${below(900)} CFNetwork/${700 + below(800)}.${below(9)}.${below(9)} Darwin/${15 + below(9)}.${below(7)}.0`,
    () =>
      `Mozilla/5.0 (compatible; ${word(4 + below(5))}${pick(['Bot', 'bot', '-Crawler', 'spider'])}/${below(9)}.${below(20)}; +http://www.${word(6)}.com/bot.html)`,
    () => `${word(5 + below(6))}/${below(20)}.${below(20)}.${below(999)} (${word(8)}; ${word(5)})`,
  ]
  const garbage = () =>
    Array.from({ length: 20 + below(200) }, () => (random() < 0.8 ? word(1) : pick([...MARKS]))).join('')
  return { realistic: () => pick(kinds)(), garbage }
}
