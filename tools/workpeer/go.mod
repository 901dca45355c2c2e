module seawall.example/tools/workpeer

go 1.26.0

require (
	github.com/gocraft/work v0.5.1
	github.com/gomodule/redigo v1.9.3
)

require github.com/robfig/cron v1.2.0 // indirect

replace github.com/gocraft/work => github.com/goharbor/work v0.5.1-patch
