package main

import (
	"context"
	"runtime"
	"sync"
	"time"
)

// A limit that is not reached, around a function that gives way once.
func timeout() {
	many := number(2)
	timed(many, func() {
		total := 0
		for i := 0; i < many; i++ {
			limit, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			result := make(chan int)
			go func(x int) { result <- x + 1 }(i)
			select {
			case value := <-result:
				total += value
			case <-limit.Done():
			}
			cancel()
		}
		expect(total, many*(many+1)/2)
	})
}

func lock() {
	times := number(2)
	timed(times, func() {
		var lock sync.Mutex
		taken := 0
		for i := 0; i < times; i++ {
			lock.Lock()
			taken++
			lock.Unlock()
		}
		expect(taken, times)
	})
}

func mutex() {
	many, turns := number(2), number(3)
	timed(many*turns, func() {
		var lock sync.Mutex
		var all sync.WaitGroup
		steps := 0
		all.Add(many)
		for i := 0; i < many; i++ {
			go func() {
				for j := 0; j < turns; j++ {
					lock.Lock()
					seen := steps
					runtime.Gosched()
					steps = seen + 1
					lock.Unlock()
				}
				all.Done()
			}()
		}
		all.Wait()
		expect(steps, many*turns)
	})
}

// One that puts numbers in a channel and one that takes them out and adds them up.
func queue() {
	bound, items := number(2), number(3)
	timed(items, func() {
		channel := make(chan int, bound)
		result := make(chan int)
		go func() {
			for i := 0; i < items; i++ {
				channel <- i
			}
		}()
		go func() {
			total := 0
			for i := 0; i < items; i++ {
				total += <-channel
			}
			result <- total
		}()
		expect(<-result, items*(items-1)/2)
	})
}

// Takes from whichever of ten channels has something; a producer puts into one after the other.
func selecting() {
	times := number(2)
	timed(times, func() {
		var c [10]chan int
		for i := range c {
			c[i] = make(chan int)
		}
		go func() {
			for i := 0; i < times; i++ {
				c[i%10] <- i
			}
		}()
		total := 0
		for i := 0; i < times; i++ {
			select {
			case x := <-c[0]:
				total += x
			case x := <-c[1]:
				total += x
			case x := <-c[2]:
				total += x
			case x := <-c[3]:
				total += x
			case x := <-c[4]:
				total += x
			case x := <-c[5]:
				total += x
			case x := <-c[6]:
				total += x
			case x := <-c[7]:
				total += x
			case x := <-c[8]:
				total += x
			case x := <-c[9]:
				total += x
			}
		}
		expect(total, times*(times-1)/2)
	})
}

// Jobs that give way once, so many at a time: a channel is the semaphore.
func pool() {
	jobs, size := number(2), number(3)
	timed(jobs, func() {
		places := make(chan struct{}, size)
		results := make([]int, jobs)
		working, most := 0, 0
		var all sync.WaitGroup
		all.Add(jobs)
		for i := 0; i < jobs; i++ {
			places <- struct{}{}
			go func(x int) {
				working++
				if working > most {
					most = working
				}
				runtime.Gosched()
				working--
				results[x] = x + 1
				<-places
				all.Done()
			}(i)
		}
		all.Wait()
		expect(sum(results), jobs*(jobs+1)/2)
		if most > size {
			fail("%d at once", most)
		}
	})
}
