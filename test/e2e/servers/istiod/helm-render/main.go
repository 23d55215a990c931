// helm-render prints what a chart makes of its own values, as `helm template` would.
package main

import (
	"fmt"
	"os"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/engine"
)

func main() {
	chart, err := loader.LoadDir(os.Args[1])
	if err != nil {
		panic(err)
	}
	release := common.ReleaseOptions{Name: "tributary", Namespace: os.Args[2]}
	values, err := util.ToRenderValues(chart, map[string]any{}, release, common.DefaultCapabilities)
	if err != nil {
		panic(err)
	}
	files, err := engine.Render(chart, values)
	if err != nil {
		panic(err)
	}
	for _, text := range files {
		fmt.Printf("---\n%s\n", text)
	}
}
