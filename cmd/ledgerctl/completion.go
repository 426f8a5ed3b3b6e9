package main

import (
	"io"

	"github.com/spf13/cobra"
)

func (a *app) completionCommand() *cobra.Command {
	command := group("completion", "Print a script that completes commands in a shell")
	command.GroupID = groupSystem
	command.Long = `Print a script that has a shell complete the commands and flags of ledgerctl.`
	command.Example = `  source <(ledgerctl completion bash)
  ledgerctl completion zsh > "${fpath[1]}/_ledgerctl"`
	for _, shell := range []struct {
		name, example string
		write         func(root *cobra.Command, w io.Writer) error
	}{
		{"bash", `  source <(ledgerctl completion bash)
  ledgerctl completion bash > /etc/bash_completion.d/ledgerctl`, func(root *cobra.Command, w io.Writer) error { return root.GenBashCompletionV2(w, true) }},
		{"zsh", `  source <(ledgerctl completion zsh)
  ledgerctl completion zsh > "${fpath[1]}/_ledgerctl"`, (*cobra.Command).GenZshCompletion},
		{"fish", `  ledgerctl completion fish | source
  ledgerctl completion fish > ~/.config/fish/completions/ledgerctl.fish`, func(root *cobra.Command, w io.Writer) error { return root.GenFishCompletion(w, true) }},
		{"powershell", `  ledgerctl completion powershell | Out-String | Invoke-Expression
  ledgerctl completion powershell >> $PROFILE`, (*cobra.Command).GenPowerShellCompletionWithDesc},
	} {
		command.AddCommand(&cobra.Command{
			Use:     shell.name,
			Short:   "Print the script for " + shell.name,
			Example: shell.example,
			Args:    exactArgs(),
			RunE:    func(command *cobra.Command, _ []string) error { return shell.write(command.Root(), a.console.Out) },
		})
	}
	return command
}
