package ledger

import "errors"

// registerOperation registers an asset, which is to open its world account.
type registerOperation struct{ asset Asset }

func (op registerOperation) AppendAccounts(ids []string) []string {
	return append(ids, WorldID(op.asset.Code))
}

func (op registerOperation) AppendProfiles(ids []string) []string {
	return append(ids, WorldID(op.asset.Code))
}

func (op registerOperation) AppendTransactions(ids []string) []string { return ids }

func (op registerOperation) decide(d *Decider) (Outcome, error) {
	asset := op.asset
	world, err := d.account(WorldID(asset.Code))
	if err != nil {
		return Outcome{}, err
	}
	if world.state != nil {
		return world.outcome(Replayed), world.state.Asset.checkSame(asset)
	}
	if err := asset.checkISO(); !errors.Is(err, ErrUnknownAsset) {
		return Outcome{Result: Replayed}, err
	}
	d.openWorld(world, asset)
	return world.outcome(Applied), nil
}
