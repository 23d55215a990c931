// istio-mcp-client holds what a server of istio-mcp's protocol sends, by the library's own client and store adapter, and
// tells it over HTTP: GET /store gives {"types": {typeUrl: {"namespace/name": version}}, "connects": n, "responses": n}.
package main

import (
	"encoding/json"
	"flag"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/cenkalti/backoff"
	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/protobuf/types/known/structpb"
	"istio.io/api/mesh/v1alpha1"

	// Resources are decoded by their message's name, which these register.
	_ "istio.io/api/networking/v1alpha3"

	"istio.io/istio-mcp/pkg/config/schema/resource"
	mcpclient "istio.io/istio-mcp/pkg/mcp/client"
	adsc "istio.io/istio-mcp/pkg/mcp/xds/client"
	"istio.io/istio-mcp/pkg/model"
)

type store struct {
	mutex     sync.Mutex
	Types     map[string]map[string]string `json:"types"`
	Connects  int                          `json:"connects"`
	Responses int                          `json:"responses"`
}

func (s *store) of(gvk resource.GroupVersionKind) map[string]string {
	url := gvk.Group + "/" + gvk.Version + "/" + gvk.Kind
	if s.Types[url] == nil {
		s.Types[url] = map[string]string{}
	}
	return s.Types[url]
}

func main() {
	server := flag.String("server", "127.0.0.1:16010", "xDS address")
	listen := flag.String("listen", "127.0.0.1:0", "where /store is told")
	incremental := flag.Bool("incremental", false, "later answers are increments")
	revision := flag.String("revision", "", "revision of this client")
	types := flag.String("types", "networking.istio.io/v1alpha3/ServiceEntry", "comma separated")
	flag.Parse()

	held := &store{Types: map[string]map[string]string{}}
	adapter := &mcpclient.ConfigStoreHandlerAdapter{
		Inc: *incremental,
		List: func(gvk resource.GroupVersionKind, _ string) ([]model.NamespacedName, error) {
			held.mutex.Lock()
			defer held.mutex.Unlock()
			var names []model.NamespacedName
			for name := range held.of(gvk) {
				parts := strings.SplitN(name, "/", 2)
				names = append(names, model.NamespacedName{Namespace: parts[0], Name: parts[1]})
			}
			return names, nil
		},
		AddOrUpdate: func(config model.Config) (mcpclient.Change, string, string, error) {
			held.mutex.Lock()
			defer held.mutex.Unlock()
			held.of(config.GroupVersionKind)[config.Namespace+"/"+config.Name] = config.ResourceVersion
			return mcpclient.ChangeUpdate, "", config.ResourceVersion, nil
		},
		Del: func(gvk resource.GroupVersionKind, name, namespace string) error {
			held.mutex.Lock()
			defer held.mutex.Unlock()
			delete(held.of(gvk), namespace+"/"+name)
			return nil
		},
	}
	typeUrls := strings.Split(*types, ",")
	var requests []*discovery.DiscoveryRequest
	for _, url := range typeUrls {
		requests = append(requests, &discovery.DiscoveryRequest{TypeUrl: url})
	}
	client := mcpclient.NewAdsc(&mcpclient.Config{
		Revision:     *revision,
		InitReqTypes: typeUrls,
		TypeConfigsHandler: func(gvk resource.GroupVersionKind, configs []*model.Config) error {
			err := adapter.TypeConfigsHandler(gvk, configs)
			held.mutex.Lock()
			held.Responses++
			held.mutex.Unlock()
			return err
		},
	})
	adapter.A = client

	metadata := map[string]any{"GENERATOR": "api"}
	if *revision != "" {
		metadata["ISTIO_REVISION"] = *revision
	}
	meta, err := structpb.NewStruct(metadata)
	if err != nil {
		panic(err)
	}
	policy := backoff.NewExponentialBackOff()
	policy.InitialInterval = 50 * time.Millisecond
	policy.MaxInterval = 500 * time.Millisecond
	policy.MaxElapsedTime = 0
	stream, err := adsc.New(&v1alpha1.ProxyConfig{DiscoveryAddress: *server}, &adsc.Config{
		Namespace:                "istio-system",
		Workload:                 "istiod",
		Meta:                     meta,
		IP:                       "10.0.0.1",
		InitialDiscoveryRequests: requests,
		BackoffPolicy:            policy,
		DiscoveryHandler:         client,
		StateNotifier: func(state adsc.State) {
			if state != adsc.StateConnected {
				return
			}
			adapter.Reset()
			held.mutex.Lock()
			held.Connects++
			held.mutex.Unlock()
		},
	})
	if err != nil {
		panic(err)
	}
	go func() { _ = stream.Run() }()

	http.HandleFunc("/store", func(response http.ResponseWriter, _ *http.Request) {
		held.mutex.Lock()
		defer held.mutex.Unlock()
		_ = json.NewEncoder(response).Encode(held)
	})
	panic(http.ListenAndServe(*listen, nil))
}
