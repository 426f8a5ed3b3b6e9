package load

import (
	"errors"
	"fmt"
	"image/color"
	"io"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// The size of a plot.
const (
	plotWidth  = 24 * vg.Centimeter
	plotHeight = 14 * vg.Centimeter
)

// WritePlot draws the latencies of reports by percentile, as an SVG. The percentiles
// are spaced as HdrHistogram's plots have them: each nine more takes as much room as
// the one before, since it is the rare slow answers that matter. Each kind of operation
// is a line, and each report a colour. Reports without an operation are left out, and
// without any other it fails.
func WritePlot(w io.Writer, reports ...Report) error {
	p := plot.New()
	p.Title.Text = "Latency by percentile"
	p.X.Label.Text = "Percentile of the operations, %"
	p.Y.Label.Text = "Latency, ms"
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	// Latencies rise to the right, so beneath them there is room.
	p.Legend.XOffs, p.Legend.YOffs = -vg.Points(52), vg.Points(6)
	p.Legend.Padding = vg.Points(2)
	p.Add(plotter.NewGrid())

	bounds := bounds{x: 10, low: math.Inf(1), high: 0}
	for i, report := range reports {
		for j, l := range report.lines() {
			points := bounds.points(l.Curve)
			line, err := plotter.NewLine(points)
			if err != nil {
				return fmt.Errorf("plot %s: %w", report.Target, err)
			}
			line.LineStyle = draw.LineStyle{Color: lineColor(i), Width: vg.Points(1.6), Dashes: dashes(j)}
			p.Add(line)
			p.Legend.Add(report.legend(l), line)
		}
	}
	if bounds.high == 0 {
		return errors.New("there is nothing to plot: no operation was acknowledged")
	}
	bounds.apply(p)

	canvas := vgsvg.New(plotWidth, plotHeight)
	p.Draw(draw.New(canvas))
	_, err := canvas.WriteTo(w)
	return err
}

// lines returns the latencies that are worth a line: all together only if there is more
// than one kind.
func (r *Report) lines() []Latency {
	var lines []Latency
	for _, l := range r.Latencies {
		if l.Count > 0 && len(l.Curve) > 0 && (l.Kind != "all" || len(r.Latencies) != 2) {
			lines = append(lines, l)
		}
	}
	return lines
}

func (r *Report) legend(l Latency) string {
	how := fmt.Sprintf("%d callers", r.Callers)
	if r.RatePerSecond > 0 {
		how = fmt.Sprintf("at %g/s", r.RatePerSecond)
	}
	return fmt.Sprintf("%s, %s, %s: %.0f/s", r.Target, l.Kind, how, float64(l.Count)/max(r.DurationSeconds, 1e-9))
}

// bounds is what the axes have to show.
type bounds struct{ x, low, high float64 }

// points returns a curve as it is drawn: 1/(1-p) to the right, so that 90 % is 10 and
// 99 % is 100.
func (b *bounds) points(curve []Point) plotter.XYs {
	points := make(plotter.XYs, len(curve))
	for i, point := range curve {
		x := 1 / max(1-point.Percentile/100, 1e-12)
		// Less than the reports tell has no logarithm.
		y := max(point.LatencyMS, 1e-4)
		points[i] = plotter.XY{X: x, Y: y}
		b.x, b.low, b.high = max(b.x, x), min(b.low, y), max(b.high, y)
	}
	return points
}

// apply sets the axes to whole powers of ten.
func (b *bounds) apply(p *plot.Plot) {
	const nearly = 1e-6
	nines := int(math.Ceil(math.Log10(b.x) - nearly))
	ticks := make(plot.ConstantTicks, 0, nines+2)
	ticks = append(ticks, plot.Tick{Value: 2, Label: "50"})
	for n := range nines + 1 {
		x := math.Pow10(n)
		ticks = append(ticks, plot.Tick{Value: x, Label: strconv.FormatFloat(round(100*(1-1/x), 9), 'f', -1, 64)})
	}
	p.X.Min, p.X.Max, p.X.Tick.Marker = 1, math.Pow10(nines), ticks

	lowest := int(math.Floor(math.Log10(b.low) + nearly))
	highest := max(int(math.Ceil(math.Log10(b.high)-nearly)), lowest+1)
	ticks = nil
	for n := lowest; n <= highest; n++ {
		y := math.Pow10(n)
		ticks = append(ticks, plot.Tick{Value: y, Label: strconv.FormatFloat(y, 'f', -1, 64)})
		for i := 2; i < 10 && n < highest; i++ {
			ticks = append(ticks, plot.Tick{Value: y * float64(i)})
		}
	}
	p.Y.Min, p.Y.Max, p.Y.Tick.Marker = math.Pow10(lowest), math.Pow10(highest), ticks
}

// lineColor returns the colour of the i-th report: those of Okabe and Ito, which people
// who tell few colours apart can tell apart too.
func lineColor(i int) color.Color {
	colors := [...]color.RGBA{
		{R: 0x00, G: 0x72, B: 0xb2, A: 0xff},
		{R: 0xd5, G: 0x5e, B: 0x00, A: 0xff},
		{R: 0x00, G: 0x9e, B: 0x73, A: 0xff},
		{R: 0xcc, G: 0x79, B: 0xa7, A: 0xff},
		{R: 0xe6, G: 0x9f, B: 0x00, A: 0xff},
		{R: 0x56, G: 0xb4, B: 0xe9, A: 0xff},
	}
	return colors[i%len(colors)]
}

// dashes returns how the j-th line of a report is broken.
func dashes(j int) []vg.Length {
	styles := [...][]vg.Length{
		nil,
		{vg.Points(7), vg.Points(3)},
		{vg.Points(2), vg.Points(2)},
		{vg.Points(8), vg.Points(2), vg.Points(2), vg.Points(2)},
		{vg.Points(1), vg.Points(3)},
	}
	return styles[j%len(styles)]
}
