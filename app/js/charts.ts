// The charts bundle: a tree-shaken ECharts behind a few functions. Pages load it lazily; `app/src/charts/echart.rs` is its only caller.
//
// The options come from Rust as JSON. Added here is what JSON cannot say: number formats, the canvas tooltip (the page's policy
// forbids inline styles, so the HTML one cannot work), one crosshair over all charts of a group, and the drag that zooms.
// Legends, tables and messages are HTML and not our business. Nothing animates, so there is nothing to reduce for those who ask.
//
// Back to Rust go three events on the element:
//   evenkeel:zoom    detail { from, to }   a stretch of time was dragged over, or { } to go back (double click)
//   evenkeel:marker  detail { at, name }   an event marker was clicked
//   evenkeel:stale                         the picture is out of date: the colours changed, or it came into view again

import { LineChart } from "echarts/charts";
import { GridComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import { graphic, init, use, type ECharts } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

use([LineChart, GridComponent, TooltipComponent, MarkLineComponent, CanvasRenderer]);

type Marker = { at: number; name: string };
type Json = Record<string, any>;

export interface Handle {
  el: HTMLElement;
  chart: ECharts;
  /** Where a drag began, and the area it covers. */
  drag: { from: number | null; area: InstanceType<typeof graphic.Rect> };
  option: Json;
  theme: string;
  group: string;
  markers: Marker[];
  crosshair: InstanceType<typeof graphic.Line>;
  visible: boolean;
  /** An update was asked for while nobody could see it. */
  late: boolean;
  stop: AbortController;
  observers: { disconnect(): void }[];
}

const dark = matchMedia("(prefers-color-scheme: dark)");
const groups = new Map<string, Set<Handle>>();
/** A press that moves less is a click. */
const DRAG_PX = 6;
/** How near to an event marker the pointer must be. */
const MARKER_PX = 6;

const INK: Record<string, { text: string; select: string; crosshair: string }> = {
  light: { text: "#1b2330", select: "rgba(31, 111, 184, 0.14)", crosshair: "#8592a3" },
  dark: { text: "#dfe6ee", select: "rgba(91, 168, 238, 0.2)", crosshair: "#6c7a8c" },
};
const ink = (theme: string) => INK[theme] ?? INK.light!;

export function mount(el: HTMLElement, optionJson: string, theme: string): Handle {
  const handle: Handle = {
    el,
    chart: start(el),
    drag: { from: null, area: new graphic.Rect({ silent: true, invisible: true, z: 10 }) },
    option: {},
    theme,
    group: "",
    markers: [],
    crosshair: new graphic.Line({ silent: true, ignore: true, z: 5, style: { lineWidth: 1 } }),
    visible: true,
    late: false,
    stop: new AbortController(),
    observers: [],
  };
  if (el.dataset.group) connect(handle, el.dataset.group);
  listen(handle);
  watch(handle);
  update(handle, optionJson, theme);
  return handle;
}

/** Draws a new option on the kept instance: series that are gone disappear, the others keep their place. */
export function update(handle: Handle, optionJson: string, theme?: string): void {
  handle.theme = theme ?? handle.theme;
  const before = length(handle.option);
  handle.option = complete(JSON.parse(optionJson), handle);
  // Over another stretch of time the place of the crosshair means another moment.
  if (length(handle.option) !== before) handle.crosshair.attr({ ignore: true });
  handle.late = false;
  draw(handle);
}

/** Whether it is worth building a new option. If not, `evenkeel:stale` tells when it is. */
export function visible(handle: Handle): boolean {
  handle.late = !(handle.visible && document.visibilityState === "visible");
  return !handle.late;
}

/** The colours of the page: as chosen on the root element, or as the system says. */
export function theme(): "light" | "dark" {
  const chosen = document.documentElement.dataset.theme;
  if (chosen === "light" || chosen === "dark") return chosen;
  return dark.matches ? "dark" : "light";
}

export function resize(handle: Handle): void {
  handle.chart.resize();
}

/** Charts of one group share a crosshair. */
export function connect(handle: Handle, group: string): void {
  leave(handle);
  handle.group = group;
  groups.set(group, (groups.get(group) ?? new Set()).add(handle));
}

export function dispose(handle: Handle): void {
  leave(handle);
  handle.stop.abort();
  for (const observer of handle.observers) observer.disconnect();
  handle.chart.dispose();
}

/** How much time an option shows, ms. */
function length(option: Json): number {
  const axis: Json = [option.xAxis].flat()[0] ?? {};
  return axis.max - axis.min;
}

function leave(handle: Handle): void {
  const group = groups.get(handle.group);
  group?.delete(handle);
  if (group?.size === 0) groups.delete(handle.group);
}

function start(el: HTMLElement): ECharts {
  return init(el, null, { renderer: "canvas", devicePixelRatio: window.devicePixelRatio });
}

function draw(handle: Handle): void {
  handle.chart.setOption(handle.option, { notMerge: false, replaceMerge: ["series"], lazyUpdate: true });
}

// --- what JSON cannot say ---

function complete(option: Json, handle: Handle): Json {
  const font = getComputedStyle(handle.el).fontFamily;
  const { text, crosshair } = ink(handle.theme);
  const valueAxes: Json[] = [option.yAxis].flat();
  option.useUTC = true;
  option.textStyle = { fontFamily: font };
  for (const axis of [option.xAxis].flat()) axis.axisLabel = { ...axis.axisLabel, hideOverlap: true, padding: [0, 6] };
  for (const axis of valueAxes) axis.axisLabel = { ...axis.axisLabel, formatter: (value: number) => short(value), hideOverlap: true };
  handle.markers = [];
  for (const series of option.series ?? []) {
    for (const mark of series.markLine?.data ?? []) {
      if (series.xAxisIndex === 0) handle.markers.push({ at: mark.xAxis, name: mark.name });
    }
    if (series.markLine) {
      series.markLine.symbolSize = 6;
      series.markLine.animation = false;
    }
  }
  handle.crosshair.setStyle({ stroke: crosshair });
  const units = valueAxes.map((axis) => unit(axis.name ?? ""));
  const axisOf = (series: Json) => units[series.yAxisIndex ?? 0] ?? "";
  Object.assign(option.tooltip, {
    renderMode: "richText",
    confine: true,
    transitionDuration: 0,
    textStyle: { color: text },
    shadowBlur: 8,
    shadowColor: "rgba(0, 0, 0, 0.18)",
    formatter: (rows: Json[]) => describe(rows, (row) => axisOf(option.series[row.seriesIndex] ?? {}), handle),
  });
  if (valueAxes.length > 1) option.axisPointer = { link: [{ xAxisIndex: "all" }] };
  return option;
}

/** The tooltip: the time, every series with its value, the largest first where there are many, and the events close by. */
function describe(rows: Json[], unitOf: (row: Json) => string, handle: Handle): string {
  const at: number | undefined = rows[0]?.axisValue;
  if (at === undefined) return "";
  const values = rows.map((row) => ({ row, value: row.value?.[1] as number | null, unit: unitOf(row) }));
  if (rows.length > 4) values.sort((a, b) => (b.value ?? -1) - (a.value ?? -1));
  const numbers = values.map(({ value }) => (typeof value === "number" ? exact(value) : "–"));
  const width = Math.max(...numbers.map((number) => number.length));
  // Numbers come first, led by spaces as wide as a digit: the canvas has no columns.
  const lines = values.map(({ row, unit }, at) => `${row.marker}${numbers[at]!.padStart(width, "\u2007")}${unit}  ${row.seriesName}`);
  const near = nearest(handle, at);
  const events = near ? [`▾ ${near.name.length > 60 ? `${near.name.slice(0, 59)}…` : near.name}`] : [];
  return [clock(at), ...lines, ...events].join("\n");
}

function clock(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

function unit(axisName: string): string {
  if (axisName.endsWith("%")) return " %";
  if (axisName.endsWith("/s")) return "/s";
  return axisName === "ms" ? " ms" : "";
}

/** As on an axis: 1.5 k. */
function short(value: number): string {
  for (const [size, letter] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]] as const) {
    if (Math.abs(value) >= size) return `${+(value / size).toPrecision(3)}${letter}`;
  }
  return `${+value.toPrecision(3)}`;
}

/** As in a tooltip: three or four significant digits. */
function exact(value: number): string {
  const size = Math.abs(value);
  return value.toLocaleString("en", { maximumFractionDigits: size >= 100 || Number.isInteger(value) ? 0 : size >= 1 ? 1 : 2 });
}

// --- the pointer ---

function listen(handle: Handle): void {
  const zr = handle.chart.getZr();
  const { drag } = handle;
  zr.add(drag.area);
  zr.add(handle.crosshair);
  zr.on("mousedown", (event) => {
    // A finger scrolls the page; ranges are chosen with a mouse or a pen, or in the top bar.
    const raw: Event & { pointerType?: string } = event.event;
    const touch = raw.pointerType === "touch" || "touches" in raw;
    if (!touch && event.which === 1 && inside(handle, event.offsetX, event.offsetY)) drag.from = event.offsetX;
  });
  zr.on("mousemove", (event) => {
    const at = clamp(handle, event.offsetX);
    const over = inside(handle, event.offsetX, event.offsetY);
    const marker = over && nearest(handle, timeAt(handle, at));
    zr.setCursorStyle(drag.from !== null ? "col-resize" : marker ? "pointer" : "default");
    share(handle, over ? timeAt(handle, at) : null);
    if (drag.from === null || Math.abs(at - drag.from) < DRAG_PX) return;
    const { top, bottom } = plots(handle);
    drag.area.setShape({ x: Math.min(drag.from, at), y: top, width: Math.abs(at - drag.from), height: bottom - top });
    drag.area.setStyle({ fill: ink(handle.theme).select });
    drag.area.attr({ invisible: false });
  });
  zr.on("mouseup", (event) => {
    if (drag.from === null) return;
    const at = clamp(handle, event.offsetX);
    const [left, right] = drag.from < at ? [drag.from, at] : [at, drag.from];
    cancel(handle);
    if (right - left >= DRAG_PX) {
      tell(handle, "zoom", { from: Math.round(timeAt(handle, left)), to: Math.round(timeAt(handle, right)) });
      return;
    }
    const marker = nearest(handle, timeAt(handle, left));
    if (marker) tell(handle, "marker", marker);
  });
  zr.on("dblclick", () => tell(handle, "zoom", {}));
  zr.on("globalout", () => share(handle, null));
}

function cancel({ drag }: Handle): void {
  drag.from = null;
  drag.area.attr({ invisible: true });
}

function tell(handle: Handle, what: string, detail?: object): void {
  handle.el.dispatchEvent(new CustomEvent(`evenkeel:${what}`, { detail }));
}

/** Moves the crosshair of the other charts of the group. */
function share(handle: Handle, at: number | null): void {
  for (const other of groups.get(handle.group) ?? []) {
    if (other === handle || !other.visible) continue;
    const x = at === null ? NaN : Number(other.chart.convertToPixel({ xAxisIndex: 0 }, at));
    const { left, right, top, bottom } = plots(other);
    if (x >= left && x <= right) other.crosshair.setShape({ x1: x, x2: x, y1: top, y2: bottom });
    other.crosshair.attr({ ignore: !(x >= left && x <= right) });
  }
}

/** The edges of all plots of a chart together; the sides are fixed by the option. */
function plots(handle: Handle): { left: number; right: number; top: number; bottom: number } {
  const grids: Json[] = handle.option.grid ?? [];
  const first = grids[0] ?? { left: 0, right: 0, top: 0 };
  const last = grids[grids.length - 1] ?? { bottom: 0 };
  const bottom = last.height === undefined ? handle.chart.getHeight() - last.bottom : last.top + last.height;
  return { left: first.left, right: handle.chart.getWidth() - first.right, top: first.top, bottom };
}

function inside(handle: Handle, x: number, y: number): boolean {
  const { left, right, top, bottom } = plots(handle);
  return x >= left && x <= right && y >= top - 8 && y <= bottom;
}

function clamp(handle: Handle, x: number): number {
  const { left, right } = plots(handle);
  return Math.min(Math.max(x, left), right);
}

function timeAt(handle: Handle, x: number): number {
  return Number(handle.chart.convertFromPixel({ xAxisIndex: 0 }, x));
}

function nearest(handle: Handle, at: number): Marker | undefined {
  const reach = timeAt(handle, MARKER_PX) - timeAt(handle, 0);
  const far = (marker: Marker) => Math.abs(marker.at - at);
  return handle.markers.filter((marker) => far(marker) <= reach).sort((a, b) => far(a) - far(b))[0];
}

// --- the surroundings ---

function watch(handle: Handle): void {
  const sizes = new ResizeObserver(() => handle.chart.resize());
  sizes.observe(handle.el);
  const sight = new IntersectionObserver((entries) => {
    handle.visible = entries.some((entry) => entry.isIntersecting);
    seen(handle);
  });
  sight.observe(handle.el);
  const repaint = () => theme() !== handle.theme && tell(handle, "stale");
  const colours = new MutationObserver(repaint);
  colours.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  handle.observers.push(sizes, sight, colours);
  const { signal } = handle.stop;
  dark.addEventListener("change", repaint, { signal });
  document.addEventListener("visibilitychange", () => seen(handle), { signal });
  addEventListener("mouseup", () => cancel(handle), { signal });
  addEventListener("keydown", (event) => event.key === "Escape" && cancel(handle), { signal });
  sharpen(handle);
}

function seen(handle: Handle): void {
  if (handle.late && handle.visible && document.visibilityState === "visible") {
    handle.late = false;
    tell(handle, "stale");
  }
}

/** A canvas is made for one pixel density: when the window moves to another screen or is zoomed, it is made anew. */
function sharpen(handle: Handle): void {
  const density = matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`);
  density.addEventListener(
    "change",
    () => {
      handle.chart.dispose();
      handle.chart = start(handle.el);
      listen(handle);
      draw(handle);
      sharpen(handle);
    },
    { once: true, signal: handle.stop.signal },
  );
}
