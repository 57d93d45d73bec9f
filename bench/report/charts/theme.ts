import type { Config } from 'vega-lite';

export interface Theme {
  readonly name: 'light' | 'dark';
  readonly text: string;
  readonly muted: string;
  readonly grid: string;
  /** The library. */
  readonly accent: string;
  /** A bar that is not the library's. */
  readonly bar: string;
  /** Lines that are not the library's. */
  readonly lines: readonly string[];
}

export const THEMES: readonly Theme[] = [
  {
    name: 'light',
    text: '#1f2328',
    muted: '#59636e',
    grid: '#e3e7eb',
    accent: '#0969da',
    bar: '#b7bfc8',
    lines: ['#bc4c00', '#8250df', '#1a7f37', '#bf3989', '#6e7781', '#9a6700'],
  },
  {
    name: 'dark',
    text: '#e6edf3',
    muted: '#9198a1',
    grid: '#2a313a',
    accent: '#4493f8',
    bar: '#4f5863',
    lines: ['#f0883e', '#a371f7', '#3fb950', '#db61a2', '#9198a1', '#d29922'],
  },
];

const FONT =
  "-apple-system, BlinkMacSystemFont, 'Segoe UI', 'Noto Sans', Helvetica, Arial, sans-serif";

export function configOf({ text, muted, grid }: Theme): Config {
  return {
    background: 'transparent',
    font: FONT,
    // The image's text says what it shows.
    aria: false,
    view: { stroke: null },
    axis: {
      labelColor: muted,
      labelFontSize: 12,
      titleColor: muted,
      titleFontSize: 12,
      titleFontWeight: 'normal',
      titlePadding: 10,
      gridColor: grid,
      domain: false,
      ticks: false,
      labelPadding: 8,
    },
    title: { color: text, fontSize: 14, fontWeight: 600, anchor: 'start', offset: 10 },
    legend: {
      labelColor: text,
      labelFontSize: 12,
      labelLimit: 0,
      title: null,
      orient: 'bottom',
      columnPadding: 24,
      symbolStrokeWidth: 2.5,
    },
  };
}
