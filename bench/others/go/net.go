package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

// Prints the port and serves until the standard input ends.
func serve(run func(net.Listener)) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fail("%v", err)
	}
	go run(listener)
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	io.Copy(io.Discard, os.Stdin)
}

func serveEcho() {
	serve(func(listener net.Listener) {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer connection.Close()
				buffer := make([]byte, 65536)
				for {
					n, err := connection.Read(buffer)
					if err != nil {
						return
					}
					if _, err := connection.Write(buffer[:n]); err != nil {
						return
					}
				}
			}()
		}
	})
}

func serveHTTP() {
	hello := []byte("Hello, world!")
	handler := http.HandlerFunc(func(response http.ResponseWriter, _ *http.Request) {
		response.Header().Set("Content-Type", "text/plain; charset=utf-8")
		response.Write(hello)
	})
	serve(func(listener net.Listener) { http.Serve(listener, handler) })
}

// Gets pages 0 … count-1 of a site, so many at once; each has `size` bytes. Prints the CPU time a page and the wall time of the whole.
func crawl() {
	port, pages, size, atOnce := number(2), number(3), number(4), number(5)
	run := func() {
		client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: atOnce}}
		places := make(chan struct{}, atOnce)
		sizes := make([]int, pages)
		var all sync.WaitGroup
		all.Add(pages)
		for i := 0; i < pages; i++ {
			places <- struct{}{}
			go func(i int) {
				defer func() { <-places; all.Done() }()
				response, err := client.Get(fmt.Sprintf("http://127.0.0.1:%d/page/%d", port, i))
				if err != nil {
					fail("%v", err)
				}
				text, err := io.ReadAll(response.Body)
				if err != nil {
					fail("%v", err)
				}
				response.Body.Close()
				sizes[i] = len(string(text))
			}(i)
		}
		all.Wait()
		client.CloseIdleConnections()
		expect(sum(sizes), pages*size)
	}
	run()
	before, began := cpu(), time.Now()
	run()
	print(map[string]float64{
		"cpu": (cpu() - before) / float64(pages),
		"ms":  float64(time.Since(began).Nanoseconds()) / 1e6,
	})
}
