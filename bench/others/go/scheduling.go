package main

import (
	"runtime"
	"sync"
	"time"
)

// Two goroutines that hand control to one another by name: each has a channel of its own.
func switching() {
	turns := number(2)
	timed(2*turns, func() { expect(handOver(turns, 0), 2*turns) })
}

// The same, both so many calls deep.
func depth() {
	turns, deep := number(2), number(3)
	timed(2*turns, func() { expect(handOver(turns, deep), 2*turns) })
}

func handOver(turns, deep int) int {
	left, right := make(chan struct{}), make(chan struct{})
	steps := 0
	var player func(deep int, mine, other chan struct{})
	player = func(deep int, mine, other chan struct{}) {
		if deep > 0 {
			player(deep-1, mine, other)
			return
		}
		for i := 0; i < turns; i++ {
			<-mine
			steps++
			other <- struct{}{}
		}
	}
	done := make(chan struct{})
	go func() { player(deep, left, right); close(done) }()
	go player(deep, right, left)
	left <- struct{}{}
	<-done
	<-left
	return steps
}

func sleep0() {
	many, turns := number(2), number(3)
	timed(many*turns, func() {
		results := make([]int, many)
		var all sync.WaitGroup
		all.Add(many)
		for i := 0; i < many; i++ {
			go func(i int) {
				steps := 0
				for steps < turns {
					steps++
					runtime.Gosched()
				}
				results[i] = steps
				all.Done()
			}(i)
		}
		all.Wait()
		expect(sum(results), many*turns)
	})
}

func spawn() {
	many := number(2)
	timed(many, func() {
		results := make([]int, many)
		var all sync.WaitGroup
		all.Add(many)
		for i := 0; i < many; i++ {
			go func(x int) {
				results[x] = x + 1
				all.Done()
			}(i)
		}
		all.Wait()
		expect(sum(results), many*(many+1)/2)
	})
}

func sum(values []int) int {
	total := 0
	for _, each := range values {
		total += each
	}
	return total
}

// Goroutines that wait, each on a channel of its own; gives the channels, the results to be, and what waits for all.
func park(many int) ([]chan int, []int, *sync.WaitGroup) {
	wakers := make([]chan int, many)
	results := make([]int, many)
	var all, begun sync.WaitGroup
	all.Add(many)
	begun.Add(many)
	for i := 0; i < many; i++ {
		wakers[i] = make(chan int)
		go func(x int) {
			begun.Done()
			results[x] = x + <-wakers[x]
			all.Done()
		}(i)
	}
	begun.Wait()
	return wakers, results, &all
}

// Bytes that a parked one takes: its stack and what it has on the heap.
func parked() {
	many := number(2)
	before := memory()
	wakers, _, _ := park(many)
	after := memory()
	runtime.KeepAlive(wakers)
	print(map[string]float64{"bytes": float64(after-before) / float64(many)})
}

func memory() uint64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc + stats.StackInuse
}

func wake() {
	many := number(2)
	var spent time.Duration
	const runs = 3
	for i := 0; i < runs; i++ {
		wakers, results, all := park(many)
		began := time.Now()
		for _, each := range wakers {
			each <- 1
		}
		all.Wait()
		total := sum(results)
		if i > 0 {
			spent += time.Since(began)
		}
		expect(total, many*(many+1)/2)
	}
	print(map[string]float64{"ns": float64(spent.Nanoseconds()) / float64((runs-1)*many)})
}

// The CPU time of many sleepers, whose delays are as those of timers.mjs.
func timers() {
	many, longest := number(2), number(3)
	delays := make([]int, many)
	for i := range delays {
		delays[i] = 1 + i*7919%10007%longest
	}
	run := func() {
		results := make([]int, many)
		var all sync.WaitGroup
		all.Add(many)
		for i, ms := range delays {
			go func(i, ms int) {
				time.Sleep(time.Duration(ms) * time.Millisecond)
				results[i] = ms
				all.Done()
			}(i, ms)
		}
		all.Wait()
		expect(sum(results), sum(delays))
	}
	run()
	before := cpu()
	run()
	print(map[string]float64{"ns": (cpu() - before) / float64(many)})
}

// A closed channel is what ends them all; each has a deferred function.
func kill() {
	many := number(2)
	var spent time.Duration
	const runs = 3
	for i := 0; i < runs; i++ {
		closed := 0
		stop := make(chan struct{})
		var all, begun sync.WaitGroup
		all.Add(many)
		begun.Add(many)
		for j := 0; j < many; j++ {
			go func() {
				defer all.Done()
				defer func() { closed++ }()
				begun.Done()
				<-stop
			}()
		}
		begun.Wait()
		began := time.Now()
		close(stop)
		all.Wait()
		if i > 0 {
			spent += time.Since(began)
		}
		expect(closed, many)
	}
	print(map[string]float64{"ns": float64(spent.Nanoseconds()) / float64((runs-1)*many)})
}
