package ledger

import "fmt"

// Role is what somebody may do. Each may do what those before it may, too.
type Role uint8

// The roles.
const (
	// RoleRead reads.
	RoleRead Role = iota + 1
	// RoleWrite opens and changes accounts, and posts, settles and reverses transactions.
	RoleWrite
	// RoleAdmin opens ledgers and registers assets.
	RoleAdmin
)

// Allows says whether the role may do what needs another. The zero role may do nothing.
func (r Role) Allows(needed Role) bool { return r >= needed && needed >= RoleRead && r <= RoleAdmin }

// String returns the role's name.
func (r Role) String() string {
	switch r {
	case RoleRead:
		return "read"
	case RoleWrite:
		return "write"
	case RoleAdmin:
		return "admin"
	default:
		return fmt.Sprintf("role %d", uint8(r))
	}
}

// ParseRole returns the role with the name, or [ErrInvalidRequest].
func ParseRole(name string) (Role, error) {
	for _, role := range []Role{RoleRead, RoleWrite, RoleAdmin} {
		if role.String() == name {
			return role, nil
		}
	}
	return 0, &Error{Code: ErrInvalidRequest, Field: "role", Message: fmt.Sprintf("role %q should be read, write or admin", name)}
}

// Principal is somebody who has proved who they are, and what they may do.
type Principal struct {
	// Name is the actor of what they write; at most [MaxActor] bytes.
	Name string
	Role Role
	// Ledger is the one ledger that they may use; empty is all of them.
	Ledger string
}
