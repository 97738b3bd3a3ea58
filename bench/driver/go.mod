module gopouch/bench/driver

go 1.24
