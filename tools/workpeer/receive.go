package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
)

func receive(arguments []string) error {
	flags := flag.NewFlagSet("receive", flag.ExitOnError)
	quiet := flags.Bool("quiet", false, "only count; GET /count tells")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println("receiving", listener.Addr())
	var count atomic.Int64
	return http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			fmt.Fprint(w, count.Load())
			return
		}
		if *quiet {
			io.Copy(io.Discard, r.Body)
		} else {
			var hook struct {
				ID     string `json:"job_id"`
				Status string `json:"status"`
			}
			if err := json.NewDecoder(r.Body).Decode(&hook); err != nil {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			fmt.Println("hook", hook.ID, hook.Status)
		}
		count.Add(1)
	}))
}
