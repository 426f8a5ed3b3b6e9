// Package wire has the shapes of /v1 as JSON, one type for each, and what turns
// them into the domain's and back. The server and the client share it, so that
// neither can write what the other does not read; other programs that print what the
// API would, as ledgerctl does, use it too.
//
// Amounts are decimal text with all the decimal places of their asset, so that an
// answer tells the scale beside the code. A request names an asset by its code, or
// as CODE/SCALE by those who want to be refused if the scale is another.
package wire
