// The workloads of the benchmarks, in Go: `others WORKLOAD [ARGUMENT ...]` runs one, checks its result, and prints its figure as
// JSON; `others serve-…` prints its port and serves until its standard input ends. What one thread of Node does is done
// by one thread here (GOMAXPROCS 1), but for the servers and the crawl, which are given all that there is.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

var workloads = map[string]func(){
	"empty":      func() {},
	"switch":     switching,
	"depth":      depth,
	"sleep0":     sleep0,
	"spawn":      spawn,
	"parked":     parked,
	"wake":       wake,
	"timers":     timers,
	"kill":       kill,
	"timeout":    timeout,
	"lock":       lock,
	"mutex":      mutex,
	"queue":      queue,
	"select":     selecting,
	"pool":       pool,
	"serve-echo": serveEcho,
	"serve-http": serveHTTP,
	"crawl":      crawl,
}

var allCores = map[string]bool{"serve-echo": true, "serve-http": true, "crawl": true}

func main() {
	run, known := workloads[os.Args[1]]
	if !known {
		fail("there is no workload %q", os.Args[1])
	}
	if !allCores[os.Args[1]] {
		runtime.GOMAXPROCS(1)
	}
	run()
}

func number(index int) int {
	value, err := strconv.Atoi(os.Args[index])
	if err != nil {
		fail("argument %d: %v", index, err)
	}
	return value
}

func fail(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
	os.Exit(1)
}

func expect(got, wanted int) {
	if got != wanted {
		fail("wrong result: %d instead of %d", got, wanted)
	}
}

func print(figures map[string]float64) {
	text, _ := json.Marshal(figures)
	fmt.Println(string(text))
}

// How long runs that do not count take at least, and those that do.
const (
	warm  = 60 * time.Millisecond
	count = 150 * time.Millisecond
)

// Prints the ns an operation of run, which has ops of them.
func timed(ops int, run func()) {
	for began := time.Now(); ; {
		run()
		if time.Since(began) > warm {
			break
		}
	}
	runs := 0
	began := time.Now()
	for {
		run()
		runs++
		if time.Since(began) > count {
			break
		}
	}
	print(map[string]float64{"ns": float64(time.Since(began).Nanoseconds()) / float64(runs*ops)})
}

// The CPU time of the process, in ns.
func cpu() float64 {
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return float64(usage.Utime.Nano() + usage.Stime.Nano())
}
