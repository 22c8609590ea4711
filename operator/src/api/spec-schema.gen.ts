// Generated from crds/ by operator/scripts/generate-api.ts: do not edit; run `npm run generate`.
// What fills in and checks a spec where no API server does: structure, defaults and bounds.
import type { SpecSchema } from './spec-schema.ts';

export const specSchema: SpecSchema = {
  "type": "object",
  "required": [
    "scaleTargetRef",
    "maxReplicas",
    "kafka",
    "consumer",
    "sizing"
  ],
  "properties": {
    "scaleTargetRef": {
      "type": "object",
      "required": [
        "name"
      ],
      "properties": {
        "apiVersion": {
          "type": "string",
          "default": "apps/v1"
        },
        "kind": {
          "type": "string",
          "default": "Deployment"
        },
        "name": {
          "type": "string"
        }
      }
    },
    "minReplicas": {
      "type": "integer",
      "default": 1,
      "minimum": 0
    },
    "maxReplicas": {
      "type": "integer",
      "minimum": 1,
      "maximum": 2147483647
    },
    "floors": {
      "type": "array",
      "items": {
        "type": "object",
        "required": [
          "schedule",
          "durationSeconds"
        ],
        "properties": {
          "schedule": {
            "type": "string"
          },
          "durationSeconds": {
            "type": "integer",
            "minimum": 60,
            "maximum": 604800
          },
          "timeZone": {
            "type": "string",
            "default": "UTC"
          },
          "minReplicas": {
            "type": "integer",
            "minimum": 1
          },
          "maxReplicas": {
            "type": "integer",
            "minimum": 1
          }
        }
      }
    },
    "kafka": {
      "type": "object",
      "required": [
        "bootstrapServers"
      ],
      "properties": {
        "bootstrapServers": {
          "type": "array",
          "items": {
            "type": "string"
          }
        },
        "tls": {
          "type": "object",
          "properties": {
            "caSecretRef": {
              "type": "object",
              "required": [
                "name",
                "key"
              ],
              "properties": {
                "name": {
                  "type": "string"
                },
                "key": {
                  "type": "string"
                }
              }
            },
            "caConfigMapRef": {
              "type": "object",
              "required": [
                "name",
                "key"
              ],
              "properties": {
                "name": {
                  "type": "string"
                },
                "key": {
                  "type": "string"
                }
              }
            },
            "certSecretRef": {
              "type": "object",
              "required": [
                "name",
                "key"
              ],
              "properties": {
                "name": {
                  "type": "string"
                },
                "key": {
                  "type": "string"
                }
              }
            },
            "keySecretRef": {
              "type": "object",
              "required": [
                "name",
                "key"
              ],
              "properties": {
                "name": {
                  "type": "string"
                },
                "key": {
                  "type": "string"
                }
              }
            },
            "serverName": {
              "type": "string"
            },
            "insecureSkipVerify": {
              "type": "boolean",
              "default": false
            }
          }
        },
        "sasl": {
          "type": "object",
          "required": [
            "mechanism"
          ],
          "properties": {
            "mechanism": {
              "type": "string",
              "enum": [
                "PLAIN",
                "SCRAM-SHA-256",
                "SCRAM-SHA-512",
                "OAUTHBEARER",
                "AWS_MSK_IAM"
              ]
            },
            "username": {
              "type": "string"
            },
            "secretRef": {
              "type": "object",
              "required": [
                "name"
              ],
              "properties": {
                "name": {
                  "type": "string"
                },
                "usernameKey": {
                  "type": "string",
                  "default": "username"
                },
                "passwordKey": {
                  "type": "string",
                  "default": "password"
                }
              }
            },
            "oauthBearer": {
              "type": "object",
              "properties": {
                "clientCredentials": {
                  "type": "object",
                  "required": [
                    "tokenEndpointUri",
                    "clientSecretRef"
                  ],
                  "properties": {
                    "tokenEndpointUri": {
                      "type": "string"
                    },
                    "clientSecretRef": {
                      "type": "object",
                      "required": [
                        "name"
                      ],
                      "properties": {
                        "name": {
                          "type": "string"
                        },
                        "clientIdKey": {
                          "type": "string",
                          "default": "clientId"
                        },
                        "clientSecretKey": {
                          "type": "string",
                          "default": "clientSecret"
                        }
                      }
                    },
                    "clientId": {
                      "type": "string"
                    },
                    "clientAuthMethod": {
                      "type": "string",
                      "default": "client_secret_basic",
                      "enum": [
                        "client_secret_basic",
                        "client_secret_post"
                      ]
                    },
                    "scopes": {
                      "type": "array",
                      "items": {
                        "type": "string"
                      }
                    },
                    "audience": {
                      "type": "string"
                    },
                    "caSecretRef": {
                      "type": "object",
                      "required": [
                        "name",
                        "key"
                      ],
                      "properties": {
                        "name": {
                          "type": "string"
                        },
                        "key": {
                          "type": "string"
                        }
                      }
                    },
                    "caConfigMapRef": {
                      "type": "object",
                      "required": [
                        "name",
                        "key"
                      ],
                      "properties": {
                        "name": {
                          "type": "string"
                        },
                        "key": {
                          "type": "string"
                        }
                      }
                    }
                  }
                },
                "tokenFile": {
                  "type": "string"
                },
                "extensions": {
                  "type": "object"
                }
              }
            },
            "awsMskIam": {
              "type": "object",
              "required": [
                "region"
              ],
              "properties": {
                "region": {
                  "type": "string"
                },
                "roleArn": {
                  "type": "string"
                },
                "accessKeySecretRef": {
                  "type": "object",
                  "required": [
                    "name"
                  ],
                  "properties": {
                    "name": {
                      "type": "string"
                    },
                    "accessKeyIdKey": {
                      "type": "string",
                      "default": "accessKeyId"
                    },
                    "secretAccessKeyKey": {
                      "type": "string",
                      "default": "secretAccessKey"
                    },
                    "sessionTokenKey": {
                      "type": "string"
                    }
                  }
                }
              }
            }
          }
        }
      }
    },
    "consumer": {
      "type": "object",
      "required": [
        "group"
      ],
      "properties": {
        "group": {
          "type": "string"
        },
        "topics": {
          "type": "array",
          "items": {
            "type": "string"
          }
        },
        "partitions": {
          "type": "string"
        },
        "offsetResetPolicy": {
          "type": "string",
          "default": "latest",
          "enum": [
            "latest",
            "earliest"
          ]
        },
        "isolationLevel": {
          "type": "string",
          "default": "read_uncommitted",
          "enum": [
            "read_uncommitted",
            "read_committed"
          ]
        },
        "threadsPerReplica": {
          "type": "integer",
          "default": 1,
          "minimum": 1,
          "maximum": 1000
        },
        "neverCommitted": {
          "type": "string",
          "default": "keepOne",
          "enum": [
            "keepOne",
            "ignore"
          ]
        }
      }
    },
    "sizing": {
      "type": "object",
      "properties": {
        "lagPerReplica": {
          "type": "object",
          "required": [
            "value"
          ],
          "properties": {
            "value": {
              "type": "integer",
              "minimum": 1,
              "maximum": 9007199254740991
            },
            "tolerance": {
              "type": "string",
              "default": "0.1"
            }
          }
        },
        "timeLag": {
          "type": "object",
          "properties": {
            "objectiveSeconds": {
              "type": "integer",
              "default": 60,
              "minimum": 1,
              "maximum": 86400
            },
            "drainSeconds": {
              "type": "integer",
              "default": 120,
              "minimum": 1,
              "maximum": 604800
            },
            "capacityPerReplica": {
              "type": "string"
            },
            "maxGroupRate": {
              "type": "string"
            },
            "tuning": {
              "type": "object",
              "properties": {
                "scaleUpUtilization": {
                  "type": "string"
                },
                "targetUtilization": {
                  "type": "string"
                },
                "scaleDownUtilization": {
                  "type": "string"
                },
                "downWindowSeconds": {
                  "type": "integer",
                  "minimum": 0,
                  "maximum": 3600
                },
                "lagFloorSeconds": {
                  "type": "integer",
                  "minimum": 0,
                  "maximum": 3600
                },
                "settleSeconds": {
                  "type": "integer",
                  "minimum": 0,
                  "maximum": 3600
                },
                "minUpIntervalSeconds": {
                  "type": "integer",
                  "minimum": 0,
                  "maximum": 3600
                },
                "minDownIntervalSeconds": {
                  "type": "integer",
                  "minimum": 0,
                  "maximum": 3600
                },
                "maxDownFraction": {
                  "type": "string"
                },
                "emergencyFactor": {
                  "type": "string"
                },
                "suspectAfterSeconds": {
                  "type": "integer",
                  "minimum": 5,
                  "maximum": 3600
                },
                "ineffectiveThreshold": {
                  "type": "string"
                },
                "freezeSeconds": {
                  "type": "integer",
                  "minimum": 0,
                  "maximum": 86400
                },
                "canary": {
                  "type": "boolean"
                }
              }
            }
          }
        }
      }
    },
    "activation": {
      "type": "object",
      "default": {},
      "properties": {
        "lag": {
          "type": "integer",
          "default": 0,
          "minimum": 0,
          "maximum": 9007199254740991
        },
        "cooldownSeconds": {
          "type": "integer",
          "default": 300,
          "minimum": 0,
          "maximum": 604800
        },
        "minActiveReplicas": {
          "type": "integer",
          "default": 1,
          "minimum": 1
        }
      }
    },
    "behavior": {
      "type": "object",
      "properties": {
        "scaleUp": {
          "type": "object",
          "properties": {
            "stabilizationWindowSeconds": {
              "type": "integer",
              "minimum": 0,
              "maximum": 3600
            },
            "policies": {
              "type": "array",
              "items": {
                "type": "object",
                "required": [
                  "type",
                  "value",
                  "periodSeconds"
                ],
                "properties": {
                  "type": {
                    "type": "string",
                    "enum": [
                      "Pods",
                      "Percent"
                    ]
                  },
                  "value": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": 2147483647
                  },
                  "periodSeconds": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": 1800
                  }
                }
              }
            },
            "selectPolicy": {
              "type": "string",
              "enum": [
                "Max",
                "Min",
                "Disabled"
              ]
            },
            "tolerance": {
              "type": "string"
            }
          }
        },
        "scaleDown": {
          "type": "object",
          "properties": {
            "stabilizationWindowSeconds": {
              "type": "integer",
              "minimum": 0,
              "maximum": 3600
            },
            "policies": {
              "type": "array",
              "items": {
                "type": "object",
                "required": [
                  "type",
                  "value",
                  "periodSeconds"
                ],
                "properties": {
                  "type": {
                    "type": "string",
                    "enum": [
                      "Pods",
                      "Percent"
                    ]
                  },
                  "value": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": 2147483647
                  },
                  "periodSeconds": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": 1800
                  }
                }
              }
            },
            "selectPolicy": {
              "type": "string",
              "enum": [
                "Max",
                "Min",
                "Disabled"
              ]
            },
            "tolerance": {
              "type": "string"
            }
          }
        }
      }
    },
    "fallback": {
      "type": "object",
      "required": [
        "replicas"
      ],
      "properties": {
        "failureThreshold": {
          "type": "integer",
          "default": 3,
          "minimum": 0,
          "maximum": 2147483647
        },
        "replicas": {
          "type": "integer",
          "minimum": 1
        },
        "behavior": {
          "type": "string",
          "default": "static",
          "enum": [
            "static",
            "currentReplicas",
            "currentReplicasIfHigher",
            "currentReplicasIfLower"
          ]
        }
      }
    },
    "pollingIntervalSeconds": {
      "type": "integer",
      "default": 5,
      "minimum": 1,
      "maximum": 3600
    },
    "mode": {
      "type": "string",
      "default": "Active",
      "enum": [
        "Active",
        "Recommend"
      ]
    },
    "paused": {
      "type": "boolean",
      "default": false
    },
    "override": {
      "type": "object",
      "required": [
        "replicas",
        "until",
        "reason"
      ],
      "properties": {
        "replicas": {
          "type": "integer",
          "minimum": 0
        },
        "until": {
          "type": "string"
        },
        "reason": {
          "type": "string"
        }
      }
    }
  }
};
