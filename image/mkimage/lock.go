package main

import "context"

func runLock(ctx context.Context, o options, std stdio) int { return exitFailed }
