package ledger

// registerOperation registers an asset, which is to open its world account.
type registerOperation struct{ asset Asset }

func (op registerOperation) AppendAccounts(ids []string) []string {
	return append(ids, WorldID(op.asset.Code))
}

func (op registerOperation) AppendProfiles(ids []string) []string {
	return append(ids, WorldID(op.asset.Code))
}

func (op registerOperation) AppendTransactions(ids []string) []string { return ids }
