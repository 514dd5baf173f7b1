"""The browser's mouth: parse, one service call, redirect or render."""
