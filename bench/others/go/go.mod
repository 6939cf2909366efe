module greenlets/bench/others

go 1.19
