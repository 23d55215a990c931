// adsc-client holds what a server sends to Istio's own clients, SotW as istiod's config sources use it or delta, and
// tells it over HTTP: GET /store gives {"types": {Kind: {"namespace/name": version}}, "responses": n}.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"net/http"
	"sync"
	"time"

	networking "istio.io/api/networking/v1alpha3"
	"istio.io/istio/pilot/pkg/config/memory"
	"istio.io/istio/pkg/adsc"
	"istio.io/istio/pkg/backoff"
	"istio.io/istio/pkg/config/schema/collections"
	"istio.io/istio/pkg/config/schema/gvk"

	"google.golang.org/protobuf/types/known/structpb"
)

type told struct {
	Types     map[string]map[string]string `json:"types"`
	Responses int                          `json:"responses"`
}

func main() {
	server := flag.String("server", "127.0.0.1:16010", "xDS address")
	listen := flag.String("listen", "127.0.0.1:0", "where /store is told")
	delta := flag.Bool("delta", false, "speak delta")
	flag.Parse()
	meta, err := structpb.NewStruct(map[string]any{"GENERATOR": "api", "ISTIO_REVISION": "default"})
	if err != nil {
		panic(err)
	}
	config := adsc.Config{Namespace: "istio-system", Workload: "istiod", Revision: "default", IP: "10.0.0.1", Meta: meta}
	if *delta {
		meta.Fields["GENERATOR"] = structpb.NewStringValue("delta")
		http.HandleFunc("/store", holdDelta(*server, config))
	} else {
		http.HandleFunc("/store", holdSotw(*server, config))
	}
	panic(http.ListenAndServe(*listen, nil))
}

func holdSotw(server string, config adsc.Config) http.HandlerFunc {
	config.BackoffPolicy = backoff.NewExponentialBackOff(backoff.Option{InitialInterval: 50 * time.Millisecond, MaxInterval: 500 * time.Millisecond})
	client, err := adsc.New(server, &adsc.ADSConfig{Config: config, InitialDiscoveryRequests: adsc.ConfigInitialRequests()})
	if err != nil {
		panic(err)
	}
	store := memory.Make(collections.Pilot)
	client.Store = memory.NewController(store)
	if err := client.Run(); err != nil {
		panic(err)
	}
	return func(response http.ResponseWriter, _ *http.Request) {
		held := map[string]string{}
		for _, each := range store.List(gvk.ServiceEntry, "") {
			held[each.Namespace+"/"+each.Name] = each.ResourceVersion
		}
		_ = json.NewEncoder(response).Encode(told{Types: map[string]map[string]string{"ServiceEntry": held}})
	}
}

func holdDelta(server string, config adsc.Config) http.HandlerFunc {
	var mutex sync.Mutex
	state := told{Types: map[string]map[string]string{"ServiceEntry": {}}}
	handle := adsc.Register(func(_ adsc.HandlerContext, name string, version string, _ *networking.ServiceEntry, event adsc.Event) {
		mutex.Lock()
		defer mutex.Unlock()
		state.Responses++
		if event == adsc.EventDelete {
			delete(state.Types["ServiceEntry"], name)
		} else {
			state.Types["ServiceEntry"][name] = version
		}
	})
	policy := backoff.NewExponentialBackOff(backoff.Option{InitialInterval: 50 * time.Millisecond, MaxInterval: 500 * time.Millisecond})
	client := adsc.NewDeltaWithBackoffPolicy(server, &adsc.DeltaADSConfig{Config: config}, policy, handle, adsc.Watch[*networking.ServiceEntry]("*"))
	go client.Run(context.Background())
	return func(response http.ResponseWriter, _ *http.Request) {
		mutex.Lock()
		defer mutex.Unlock()
		_ = json.NewEncoder(response).Encode(state)
	}
}
