package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// plannerSettings are what a caller's own transaction plans by. The store's
// connections have theirs from the start, see [Config]; on a caller's they are
// borrowed for a batch, so that no plan of it depends on ANALYZE there either.
type plannerSettings struct{ planCacheMode, seqScan, bitmapScan string }

const (
	borrowSettings = `
SELECT current_setting('plan_cache_mode'), current_setting('enable_seqscan'), current_setting('enable_bitmapscan'),
	set_config('plan_cache_mode', 'force_generic_plan', true) || set_config('enable_seqscan', 'off', true)
		|| set_config('enable_bitmapscan', 'off', true)`

	returnSettings = `
SELECT set_config('plan_cache_mode', $1, true) || set_config('enable_seqscan', $2, true) || set_config('enable_bitmapscan', $3, true)`
)

func (s *plannerSettings) read(row pgx.Row) error {
	var borrowed string
	return row.Scan(&s.planCacheMode, &s.seqScan, &s.bitmapScan, &borrowed)
}

// queue gives the settings back with the statements that save.
func (s *plannerSettings) queue(requests *pgx.Batch) {
	requests.Queue(returnSettings, s.planCacheMode, s.seqScan, s.bitmapScan)
}

// giveBack gives the settings back when there is nothing to save.
func (s *plannerSettings) giveBack(ctx context.Context, connection *pgx.Conn) error {
	_, err := connection.Exec(ctx, returnSettings, s.planCacheMode, s.seqScan, s.bitmapScan)
	return err
}
