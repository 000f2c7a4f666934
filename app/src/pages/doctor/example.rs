/// A bit of everything that goes wrong.
pub(super) const FAULTY: &str = "\
# Scales the shop's front end.
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: web
  namespace: shop
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: web
  minReplica: 2 # never fewer
  maxReplicas: 10
  metrics:
    - type: Resource
      resource:
        name: cpu
        target:
          type: Utilization
          averageUtilization: 70
    - type: Pods
      pods:
        metric:
          name: success_rate
        target:
          type: AverageValue
          averageValue: \"0.95\"
    - type: External
      external:
        metric:
          name: http_p95_latency_seconds
          selector:
            matchLabels:
              service: web
        target:
          type: AverageValue
          averageValue: \"0.5\"
  behavior:
    scaleDown:
      stabilizationWindowSeconds: 0
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  replicas: 3
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
        - name: app
          image: registry.example.com/web:1
---
apiVersion: autoscaling.k8s.io/v1
kind: VerticalPodAutoscaler
metadata:
  name: web
  namespace: shop
spec:
  targetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: web
";
