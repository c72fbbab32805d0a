package main

import "context"

func runLock(ctx context.Context, o options, std stdio) int   { return exitFailed }
func runVerify(ctx context.Context, o options, std stdio) int { return exitFailed }
func runList(ctx context.Context, o options, std stdio) int   { return exitFailed }
