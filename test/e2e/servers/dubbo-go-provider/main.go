// A Dubbo provider of one service, registered in every ZooKeeper that it is told, until it is stopped.
//
//	dubbo-go-provider APPLICATION HOST PORT interface|instance HOST:PORT,HOST:PORT…
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"

	"dubbo.apache.org/dubbo-go/v3"
	_ "dubbo.apache.org/dubbo-go/v3/filter/graceful_shutdown"
	_ "dubbo.apache.org/dubbo-go/v3/metadata/mapping/metadata"
	_ "dubbo.apache.org/dubbo-go/v3/metadata/report/zookeeper"
	"dubbo.apache.org/dubbo-go/v3/protocol"
	_ "dubbo.apache.org/dubbo-go/v3/protocol/triple"
	_ "dubbo.apache.org/dubbo-go/v3/proxy/proxy_factory"
	"dubbo.apache.org/dubbo-go/v3/registry"
	_ "dubbo.apache.org/dubbo-go/v3/registry/protocol"
	_ "dubbo.apache.org/dubbo-go/v3/registry/servicediscovery"
	_ "dubbo.apache.org/dubbo-go/v3/registry/zookeeper"
	"dubbo.apache.org/dubbo-go/v3/server"
)

// OrderFacade is exported because dubbo-go offers no other types.
type OrderFacade struct{}

func (*OrderFacade) Query(_ context.Context, id string) (string, error) { return id, nil }

var modes = map[string]registry.Option{
	"interface": registry.WithRegisterInterface(),
	"instance":  registry.WithRegisterService(),
}

func main() {
	application, host, mode := os.Args[1], os.Args[2], modes[os.Args[4]]
	port, err := strconv.Atoi(os.Args[3])
	fail(err)
	options := []dubbo.InstanceOption{
		dubbo.WithName(application),
		dubbo.WithProtocol(protocol.WithTriple(), protocol.WithIp(host), protocol.WithPort(port)),
	}
	for at, servers := range os.Args[5:] {
		id := registry.WithID(fmt.Sprintf("registry-%d", at))
		options = append(options, dubbo.WithRegistry(id, registry.WithZookeeper(), registry.WithAddress(servers), mode))
	}
	instance, err := dubbo.NewInstance(options...)
	fail(err)
	provider, err := instance.NewServer()
	fail(err)
	fail(provider.Register(&OrderFacade{}, nil, server.WithInterface("com.acme.order.api.OrderFacade")))
	fail(provider.Serve())
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
