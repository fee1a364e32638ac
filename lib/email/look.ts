/** Colours by what they say, in the light and in the dark. Text has a contrast of 4.5:1 or more on its ground in both. */
export const colours = {
  ground: { light: '#f4f2ed', dark: '#141413' },
  card: { light: '#ffffff', dark: '#1e1d1b' },
  ink: { light: '#1c1b19', dark: '#f1eee8' },
  mute: { light: '#6e6a63', dark: '#a8a298' },
  better: { light: '#1a7f4b', dark: '#5cc98f' },
  worse: { light: '#b3261e', dark: '#ff8f86' },
  rule: { light: '#dedad2', dark: '#3a3733' },
  masthead: { light: '#bdb7ab', dark: '#5a554d' },
  bar: { light: '#c9daf6', dark: '#35507f' },
  otherBar: { light: '#e3e0d9', dark: '#4a4741' },
  warning: { light: '#fdf3e1', dark: '#3a2a12' },
  warningInk: { light: '#5a3b0a', dark: '#f6d9a6' },
} as const

/**
 * Grounds of shaded cells, from nothing to most, each with an ink that has a contrast of 4.5:1 or more on it: between the
 * last two of the light ones lies a blue on which neither ink has. In the dark more is brighter, as it is darker in the light.
 */
export const shades = Array.from({ length: 11 }, (_, step) => ({
  light: step === 10 ? '#2566cf' : mix('#f5f8fd', '#4a85e0', step / 9),
  ink: step === 10 ? '#ffffff' : colours.ink.light,
  dark: mix('#262a31', '#2968cb', step / 10),
}))

/** A colour so far (0 to 1) from one to another. */
function mix(from: string, to: string, part: number): string {
  const channel = (colour: string, at: number) => Number.parseInt(colour.slice(at, at + 2), 16)
  const mixed = [1, 3, 5].map((at) => Math.round(channel(from, at) + (channel(to, at) - channel(from, at)) * part))
  return `#${mixed.map((value) => value.toString(16).padStart(2, '0')).join('')}`
}

/** Charts are pictures and stay white in the dark. Names are set darker than their lines, so that they can be read. */
export const chartColours = {
  ground: '#ffffff',
  ink: '#1c1b19',
  mute: '#6e6a63',
  grid: '#efece6',
  axis: '#c9c4bb',
  /** Behind the timeframe within a longer trend, and under a step's bar. */
  band: '#f4f1ea',
  track: '#f1efe9',
  arrow: '#b9b3a8',
  /** At a date that somebody wrote a note on. */
  mark: '#8d877d',
  series: [
    { line: '#2a6fdb', name: '#2263c9' },
    { line: '#e8833a', name: '#b0560f' },
    { line: '#2a9d6f', name: '#1b7a54' },
    { line: '#8a5cd6', name: '#7a4bc9' },
    { line: '#d1495b', name: '#c03347' },
    { line: '#3aa6b9', name: '#1d7686' },
    { line: '#c9a227', name: '#856808' },
    { line: '#5b6b7f', name: '#51606f' },
  ],
  other: { line: '#8b949e', name: '#656e78' },
} as const

// The reader's own fonts; Georgia and Segoe UI are what Windows has of them.
export const serif = "'Source Serif 4','Iowan Old Style',Georgia,'Times New Roman',serif"
export const sans = "Inter,'Segoe UI',Helvetica,Arial,sans-serif"

const dark = (name: keyof typeof colours) => `${colours[name].dark}!important`

/**
 * What inline styles cannot say. A dark colour on a cell does not reach a `b` or `span` that has a colour of its own,
 * so every class that carries text is named.
 */
export const styleSheet = `:root{color-scheme:light dark;supported-color-schemes:light dark}
body{margin:0;background:${colours.ground.light}}
a[x-apple-data-detectors]{color:inherit!important;text-decoration:none!important}
@media (max-width:480px){.pad{padding-left:18px!important;padding-right:18px!important}
.figs,.figs>tbody,.figs>tbody>tr{display:block!important}.fill{display:none!important}
.fig{float:left!important;display:block!important;box-sizing:border-box!important;width:50%!important;padding-bottom:6px!important}.odd{clear:left!important}
h1{font-size:28px!important;line-height:34px!important}.bars{width:22%!important}.wide{display:none!important}.gap{padding-left:10px!important}}
@media (prefers-color-scheme:dark){body,.page{background:${dark('ground')}}.card{background:${dark('card')}}
.ink,h1,h2{color:${dark('ink')}}.mute,.mute a{color:${dark('mute')}}.better{color:${dark('better')}}.worse{color:${dark('worse')}}
.rule{border-color:${dark('rule')}}.masthead{border-color:${dark('masthead')}}.bar{background:${dark('bar')}}.other{background:${dark('otherBar')}}
.chart{background:#ffffff!important;border-radius:6px;padding:10px!important}.warn{background:${dark('warning')};color:${dark('warningInk')}}
${shades.map((shade, step) => `.s${step}{background:${shade.dark}!important}`).join('')}.shade{color:${dark('ink')}}}`

// Word, which draws mail in Outlook for Windows, takes Times New Roman when it lacks the first font of a list.
export const outlookStyleSheet =
  "td,th,div,a,span{font-family:'Segoe UI',Arial,sans-serif!important}h1,h2,.serif{font-family:Georgia,serif!important}"
